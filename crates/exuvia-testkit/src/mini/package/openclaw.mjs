#!/usr/bin/env node
// Hands over to the stand-in: it becomes it where this Node can, and else starts it and is its
// messenger.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const program = "@PROGRAM@";
const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
if (process.execve) {
  process.execve(program, [program, ...words], process.env);
}
const child = spawn(program, words, { stdio: "inherit" });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
child.on("error", (error) => {
  console.error(`openclaw: ${error.message}`);
  process.exit(1);
});
