//! How statements find what they are after: by keys and indexes. One that goes through a whole table would keep everybody
//! waiting for as long as the table has grown.

use std::fs;
use std::path::Path;

use neoirc::store::sqlite::{Location, SqliteStore};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, StatementStatus};

/// What is run once in a process, or by hand, may read everything.
const MAY_READ_ALL: [&str; 4] = ["load", "check", "migrations", "restore"];

/// What else goes through something from its beginning, and why that is little.
const SCANS: [(&str, &str, &str); 5] = [
    ("retention/forgotten.sql", "forgotten", "any of them will do, and no more than a step has room for"),
    ("retention/prune_limit.sql", "(subquery", "the rows of the subquery, as many as a step has room for"),
    ("search/hits.sql", "said VIRTUAL TABLE", "it has an index of words, and a limit"),
    ("search/indexed_rows.sql", "said VIRTUAL TABLE", "its rows are found by their place"),
    ("search/remove.sql", "said VIRTUAL TABLE", "its rows are found by their place"),
];

/// The plan of a statement, a line each; `None` where the database has not what it is about.
fn plan(connection: &Connection, statement: &str) -> Option<Vec<String>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).ok()?;
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        lines.push(row.get(3).unwrap());
    }
    Some(lines)
}

#[test]
fn no_statement_goes_through_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neoirc.db");
    drop(SqliteStore::open(&Location::File(path.clone())).unwrap());
    let database = Connection::open(path).unwrap();
    // As the server has it: plans go by the statement alone.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    let statements = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/sqlite");
    let index = Connection::open_in_memory().unwrap();
    index.execute_batch(&fs::read_to_string(statements.join("search/schema.sql")).unwrap()).unwrap();

    let mut found = Vec::new();
    let mut looked_at = 0;
    for folder in fs::read_dir(&statements).unwrap().map(Result::unwrap) {
        let kind = folder.file_name().into_string().unwrap();
        if MAY_READ_ALL.contains(&kind.as_str()) {
            continue;
        }
        for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let name = format!("{kind}/{}", file.file_name().into_string().unwrap());
            if name == "search/schema.sql" {
                continue;
            }
            let text = fs::read_to_string(file.path()).unwrap();
            let plan = plan(&database, &text).or_else(|| plan(&index, &text)).expect(&name);
            let scans = plan.iter().filter_map(|line| line.strip_prefix("SCAN "));
            found.extend(
                scans.filter(|what| *what != "CONSTANT ROW").map(|what| (name.clone(), what.to_owned())),
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 80, "only {looked_at} statements were found");
    let is_listed = |(name, what): &(String, String)| {
        SCANS.iter().any(|(listed, prefix, _)| name == listed && what.starts_with(prefix))
    };
    let unlisted: Vec<_> = found.iter().filter(|scan| !is_listed(scan)).collect();
    assert!(unlisted.is_empty(), "these go through all that there is: {unlisted:?}");
    for (name, _, _) in SCANS {
        assert!(found.iter().any(|(found, _)| found == name), "{name} is not among {found:?}");
    }
}

/// A plan does not tell how much of what it has found it passes over.
#[test]
fn from_one_talk_to_the_next_is_one_look_however_much_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neoirc.db");
    drop(SqliteStore::open(&Location::File(path.clone())).unwrap());
    let database = Connection::open(path).unwrap();
    let many =
        "WITH RECURSIVE places (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM places WHERE seq < 10000)
        INSERT INTO history SELECT 1, 0, seq FROM places; INSERT INTO history VALUES (1, 2, 1), (3, -1, 1);";
    database.execute_batch(many).unwrap();
    let mut statement = database.prepare(include_str!("../../sql/sqlite/retention/next_talk.sql")).unwrap();
    let (mut talks, mut last) = (Vec::new(), (0, 0));
    while let Ok(next) = statement.query_row([last.0, last.1], |row| Ok((row.get(0)?, row.get(1)?))) {
        talks.push(next);
        last = next;
    }
    assert_eq!(talks, [(1, 0), (1, 2), (3, -1)]);
    let steps = statement.get_status(StatementStatus::VmStep);
    assert!(steps < 500, "{steps} steps for four looks");
}
