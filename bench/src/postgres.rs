//! PostgreSQL's own figures: pgbench on the same server and the same rows, and the server's log.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::load::Figures;

/// The embedded server of a data directory.
pub struct Postgres {
    pub directory: PathBuf,
    socket: String,
}

/// The columns the service reads of a partner.
const COLUMNS: &str = "id, legal_name, usual_name, acronym, kind, siren, rna, sectors, member_of, website, \
                       description, status, created_at, updated_at, version, sort_name";

/// The row of the insert, as the service is sent it.
pub const LEGAL_NAME: &str = "Fédération des ateliers du bassin de ";
pub const DESCRIPTION: &str = "Accueille des élèves de la voie professionnelle, ouvre ses ateliers aux classes \
                               de collège et forme des tuteurs dans chaque département.";

impl Postgres {
    /// The server that is up for this directory.
    pub fn of(directory: &Path) -> Self {
        let home = std::fs::read_to_string(directory.join("postgres.location"));
        let home = home.map_or_else(|_| directory.to_owned(), |path| PathBuf::from(path.trim_end()));
        let file = std::fs::read_to_string(home.join("postgres/postmaster.pid")).expect("a running server");
        let socket = file.lines().nth(4).expect("a socket directory").to_owned();
        Self { directory: directory.to_owned(), socket }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", &self.socket, "-p", "5432", "-U", "ree"]);
        command
    }

    /// Runs SQL and answers what it printed.
    pub fn sql(&self, sql: &str) -> String {
        let mut command = self.command("psql");
        let output = command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "ree", "-c", sql]).output();
        let output = output.expect("psql, of the package postgresql-client");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs a script of pgbench with so many connections.
    pub fn bench(&self, script: &str, mode: &str, connections: usize, duration: Duration) -> Figures {
        let file = self.directory.join("pgbench.sql");
        std::fs::write(&file, script).expect("a script");
        let prefix = self.directory.join("pgbench_log");
        let mut command = self.command("pgbench");
        command.args(["-M", mode, "-n", "-j", "2", "-c", &connections.to_string()]);
        command.args(["-T", &duration.as_secs().max(1).to_string(), "-f"]).arg(&file);
        // Of few answers every one is told, of many a part.
        let sampling = if connections == 1 { "1" } else { "0.2" };
        command.args(["-l", "--sampling-rate", sampling, "--log-prefix"]).arg(&prefix).arg("ree");
        let output = command.output().expect("pgbench, of the package postgresql-contrib or postgresql-15");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        Figures::of(self.latencies(), rate.expect("tps in pgbench's summary"))
    }

    /// The third column of pgbench's log: microseconds.
    fn latencies(&self) -> Vec<u32> {
        let mut latencies = Vec::new();
        for entry in std::fs::read_dir(&self.directory).expect("the directory").flatten() {
            if entry.file_name().to_string_lossy().starts_with("pgbench_log") {
                let text = std::fs::read_to_string(entry.path()).expect("a log of pgbench");
                latencies.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
                let _ = std::fs::remove_file(entry.path());
            }
        }
        latencies
    }

    /// The script of the statements that a request makes the service send: of each word, the last
    /// with it, text and values from the server's log.
    pub fn script_of(&self, words: &[&str], request: impl FnOnce()) -> String {
        self.log_everything(true);
        let before = self.log().len();
        request();
        std::thread::sleep(Duration::from_millis(300));
        let log = self.log()[before..].replace("\n\t", " ");
        self.log_everything(false);
        let lines: Vec<&str> = log.lines().collect();
        words.iter().map(|word| self.statement(word, &lines)).collect()
    }

    /// The last statement with this word, as a script that needs no values.
    fn statement(&self, word: &str, lines: &[&str]) -> String {
        let is_it = |line: &&str| line.contains(" execute ") && line.contains(word);
        let place = lines.iter().rposition(is_it).unwrap_or_else(|| panic!("no statement with {word} in the log"));
        let (_, rest) = lines[place].split_once(" execute ").expect("a statement");
        // The service says of what type its values are; of a CASE's, PostgreSQL cannot tell otherwise.
        let sql = rest.split_once(": ").expect("its text").1.replace(") ELSE (", "::boolean) ELSE (");
        let values = lines.get(place + 1).and_then(|line| line.split_once("DETAIL:  parameters: "));
        let values = values.map_or_else(Vec::new, |(_, values)| literals(values));
        let types = format!(
            "PREPARE asked AS {sql}; SELECT unnest(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
        );
        let types = self.sql(&types);
        let mut script = sql;
        let types: Vec<&str> = types.lines().collect();
        for (number, (value, kind)) in values.iter().zip(types).enumerate().rev() {
            script = script.replace(&format!("${}", number + 1), &format!("{value}::{kind}"));
        }
        format!("{script};\n")
    }

    /// Every statement in the log, or none.
    pub fn log_everything(&self, all: bool) {
        let setting = if all { "SET log_min_duration_statement = 0" } else { "RESET log_min_duration_statement" };
        self.sql(&format!("ALTER SYSTEM {setting}"));
        self.sql("SELECT pg_reload_conf()");
        std::thread::sleep(Duration::from_millis(300));
    }

    /// What the server's log holds.
    pub fn log(&self) -> String {
        let file = self.directory.join("postgres.run/server.log");
        String::from_utf8_lossy(&std::fs::read(file).expect("the server's log")).into_owned()
    }
}

/// The values of `$1 = 'a', $2 = NULL`, written so that pgbench finds no variable in them: it takes
/// a colon before a letter for one.
fn literals(parameters: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = parameters;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push("NULL".to_owned());
            rest = after;
            continue;
        };
        let mut end = 0;
        let bytes = quoted.as_bytes();
        while bytes[end] != b'\'' || bytes.get(end + 1) == Some(&b'\'') {
            end += if bytes[end] == b'\'' { 2 } else { 1 };
        }
        let text = quoted[..end].replace('\\', "\\\\").replace(':', "\\x3a");
        values.push(format!("E'{text}'"));
        rest = &quoted[end + 1..];
    }
    values
}

/// Rows to read, whose ids can be told from their numbers: [`FIRST`], [`FIRST`] + 1…
pub fn fill(partners: u64) -> [String; 4] {
    let rows = format!(
        "INSERT INTO partners (id, legal_name, usual_name, acronym, kind, siren, sectors, member_of, website,
                               description, created_at, updated_at)
         SELECT ('{ID_PREFIX}' || n)::uuid, '{LEGAL_NAME}' || n, 'Ateliers ' || n, 'A' || n % 1000, 'company',
                lpad((n % 1000000000)::text, 9, '0'), '{{metal_industry}}', '{{}}', 'https://ateliers-' || n || '.exemple.fr',
                '{DESCRIPTION}', t, t
         FROM (SELECT n, timestamptz '2026-01-01' + (n - {FIRST}) * interval '1 second' AS t
               FROM generate_series({FIRST}::bigint, {FIRST} + {partners} - 1) AS n) AS numbers"
    );
    let audit = format!(
        "INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id,
                                   fields, after)
         SELECT gen_random_uuid(), created_at, 'bench', 'ministry', 'bench', id, 'partner.created', 'partner', id,
                '{FIELDS}', to_jsonb(p) - 'search' - 'sort_name' - 'version' FROM partners AS p"
    );
    let changes = "INSERT INTO changes (type, object_type, object_id, object_key, version, occurred_at)
                   SELECT 'partner.created', 'partner', id, id, 1, created_at FROM partners";
    [rows, audit, changes.to_owned(), "VACUUM ANALYZE partners, audit_events, changes".to_owned()]
}

/// UUIDs of version 7 whose last twelve digits are a decimal number.
pub const ID_PREFIX: &str = "0193c5a8-0000-7000-8000-";
pub const FIRST: u64 = 100_000_000_000;

const FIELDS: &str = "{id,legal_name,usual_name,acronym,kind,siren,rna,sectors,member_of,website,description,status,\
                      created_at,updated_at}";

pub fn read_script(partners: u64) -> String {
    let last = FIRST + partners - 1;
    format!("\\set n random({FIRST}, {last})\nSELECT {COLUMNS} FROM partners WHERE id = ('{ID_PREFIX}' || :n)::uuid LIMIT 1;\n")
}

/// 51 rows, as the service reads: one more than it answers tells whether another page follows.
pub fn page_script(partners: u64) -> String {
    let last = FIRST + partners - 52;
    format!(
        "\\set n random({FIRST}, {last})\n\
         SELECT {COLUMNS} FROM partners WHERE id > ('{ID_PREFIX}' || :n)::uuid ORDER BY id LIMIT 51;\n"
    )
}

/// The row, its audit row and its change event. Ids grow with time, as the service's do.
pub fn insert_script() -> String {
    let after = format!(
        r#"{{"id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f", "legal_name": "{LEGAL_NAME}1000000", "usual_name": null, "acronym": null, "kind": "company", "siren": null, "rna": null, "sectors": ["metal_industry"], "member_of": [], "website": "https://ateliers.exemple.fr", "description": "{DESCRIPTION}", "status": "active", "created_at": "2026-01-01T00:00:00.123456Z", "updated_at": "2026-01-01T00:00:00.123456Z"}}"#
    );
    // pgbench knows no UUIDs: the server puts one together from the time and a random number.
    const ID: &str = "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') \
                      || '70008' || lpad(to_hex(:n::bigint), 15, '0'))::uuid";
    format!(
        "\\set n random(1, 1000000000000000)\n\
         BEGIN;\n\
         INSERT INTO partners (id, legal_name, kind, sectors, member_of, website, description, created_at, updated_at) \
         VALUES ({ID}, '{LEGAL_NAME}' || :n, 'company', '{{metal_industry}}', '{{}}', 'https://ateliers.exemple.fr', \
                 '{DESCRIPTION}', now(), now()) RETURNING {COLUMNS};\n\
         INSERT INTO audit_events (id, occurred_at, subject, role, client_id, request_id, action, object_type, object_id, \
                                   fields, before, after) \
         VALUES ({ID}, now(), 'cli', 'ministry', 'ree-cli', '0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f', 'partner.created', \
                 'partner', {ID}, '{FIELDS}', NULL, '{after}');\n\
         INSERT INTO changes (type, object_type, object_id, object_key, parent_id, version, occurred_at) \
         VALUES ('partner.created', 'partner', {ID}, '0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f', NULL, 1, now());\n\
         COMMIT;\n"
    )
}
