// Writes and tells what dist/standin.json names; nothing where that names nothing.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

const plan = JSON.parse(readFileSync(new URL("../dist/standin.json", import.meta.url), "utf8"));
for (const flaw of plan.flaws) {
  if (flaw.postinstallWritesHome) {
    writeFileSync(join(homedir(), flaw.postinstallWritesHome), "written by a postinstall script\n");
  }
  if (flaw.postinstallPhonesHome) {
    const asked = request(flaw.postinstallPhonesHome, { method: "POST" });
    // Whoever is not to be reached is not told.
    asked.on("error", () => {});
    asked.end(homedir());
  }
}
