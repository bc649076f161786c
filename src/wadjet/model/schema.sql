-- A recording is one SQLite file. Every BLOB column is a zlib-compressed array of integers
-- of the width its comment gives, cut into planes: the lowest byte of each, then the second
-- lowest of each, and so on. ``steps``: u64, the differences, the first from 0, each
-- doubled, and for those below zero 2 * -difference - 1. Ids are positions, from 0.
PRAGMA application_id = 1464093268;  -- 'WDJT'
PRAGMA user_version = 1;

CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);  -- value: JSON
CREATE TABLE metric (id INTEGER PRIMARY KEY, name TEXT, unit TEXT, title TEXT);
CREATE TABLE process (
    id INTEGER PRIMARY KEY, pid INTEGER, parent INTEGER, command TEXT,
    started INTEGER, ended INTEGER, status INTEGER
);
CREATE TABLE thread (
    id INTEGER PRIMARY KEY, process INTEGER REFERENCES process, tid INTEGER, name TEXT,
    started INTEGER, ended INTEGER, cpu INTEGER
);
CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT);
CREATE TABLE function (
    id INTEGER PRIMARY KEY, name TEXT, file INTEGER REFERENCES file, line INTEGER, kind TEXT
);
CREATE TABLE frame_block (
    first INTEGER PRIMARY KEY, count INTEGER,
    function BLOB,  -- i32
    line BLOB       -- i32
);
CREATE TABLE node_block (
    first INTEGER PRIMARY KEY, count INTEGER,
    parent BLOB,    -- steps, -1 at a root
    frame BLOB      -- i32
);
CREATE TABLE sample_block (
    id INTEGER PRIMARY KEY, count INTEGER,
    time BLOB,      -- steps, ns since the start
    thread BLOB,    -- i32
    node BLOB,      -- steps, -1 for an empty stack
    state BLOB,     -- i8: 0 unknown 1 GIL 2 native 3 waits for GIL 4 runnable 5 blocked
    holder BLOB     -- i32, the thread that held the GIL, -1 for none
);
CREATE TABLE value_block (
    sample_block INTEGER REFERENCES sample_block, metric INTEGER REFERENCES metric,
    value BLOB,     -- i64, one a sample; a metric without a row is 0 throughout
    PRIMARY KEY (sample_block, metric)
);
CREATE TABLE source (file TEXT PRIMARY KEY, text BLOB);  -- zlib-compressed UTF-8
