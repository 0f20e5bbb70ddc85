-- What a run is. Whether and how it ended is for its events to say.
CREATE TABLE run (
    number    INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    operation TEXT NOT NULL,
    install   TEXT,
    subject   TEXT NOT NULL,
    actor     TEXT NOT NULL
) STRICT;

-- What happened, in the order of seq. The clock may jump; at only tells.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES run (number),
    at      TEXT NOT NULL,
    step    TEXT NOT NULL,
    holder  TEXT CHECK ((holder IS NOT NULL) = (step IN ('begin', 'resume'))),
    outcome TEXT CHECK ((outcome IS NOT NULL) = (step = 'finish')),
    detail  TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;

CREATE INDEX event_of_run ON event (run, seq);
CREATE UNIQUE INDEX one_begin ON event (run) WHERE step = 'begin';
CREATE UNIQUE INDEX one_finish ON event (run) WHERE step = 'finish';
CREATE INDEX carried_by ON event (run, seq) WHERE holder IS NOT NULL;

-- Pages that are kept for the events to come. No event is ever in here.
CREATE TABLE room (filler BLOB NOT NULL) STRICT;

-- What is written stays. REPLACE deletes without a word, so it is kept from finding anything.
CREATE TRIGGER run_stays BEFORE UPDATE ON run
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER run_is_kept BEFORE DELETE ON run
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER run_is_new BEFORE INSERT ON run
    WHEN EXISTS (SELECT 1 FROM run WHERE number = NEW.number OR id = NEW.id)
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER event_stays BEFORE UPDATE ON event
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER event_is_new BEFORE INSERT ON event
    WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq)
    BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER run_begins_first BEFORE INSERT ON event
    WHEN NEW.step <> 'begin'
     AND NOT EXISTS (SELECT 1 FROM event WHERE run = NEW.run AND step = 'begin')
    BEGIN SELECT raise(ABORT, 'the run has not begun'); END;
CREATE TRIGGER run_ends_last BEFORE INSERT ON event
    WHEN EXISTS (SELECT 1 FROM event WHERE run = NEW.run AND step = 'finish')
    BEGIN SELECT raise(ABORT, 'the run has ended'); END;

-- Every run as its events so far make it.
CREATE VIEW run_now AS
SELECT run.number, run.id, run.operation, run.install, run.subject, run.actor,
       first.at AS started_at, last.at AS ended_at, last.outcome,
       iif(json_type(last.detail, '$.error') = 'text', last.detail ->> '$.error', NULL) AS error,
       (SELECT holder FROM event WHERE event.run = run.number AND holder IS NOT NULL
        ORDER BY seq DESC LIMIT 1) AS holder
FROM run
JOIN event AS first ON first.run = run.number AND first.step = 'begin'
LEFT JOIN event AS last ON last.run = run.number AND last.step = 'finish';
