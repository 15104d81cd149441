//! The rows of a file.

use domain::EmailAddress;
use serde::{Deserialize, Serialize};

/// One customer of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Line of the file.
    pub line: u64,
    /// The address.
    pub email: EmailAddress,
    /// The name to show; the address where the file says none.
    pub name: String,
    /// Names of organizations.
    pub organizations: Vec<String>,
    /// Ids or project keys of service desks.
    pub desks: Vec<String>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// Which.
    pub line: u64,
    /// What, in words.
    pub said: String,
}

/// Which columns a file has.
struct Columns {
    email: usize,
    name: Option<usize>,
    organizations: Option<usize>,
    desks: Option<usize>,
}

/// Reads a file with the columns `email`, `name`, `organizations` and `desks` in any order, lists
/// separated by `;` or `|`; or the layout of the Appsvio customers app, whose columns are `Account ID`,
/// `Email`, `Display Name`, `Projects` and `Organizations`. Further columns are left out.
///
/// # Errors
/// Every line that cannot be used.
pub fn rows(text: &str) -> Result<Vec<Row>, Vec<RowProblem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| vec![unreadable(&error)])?.clone();
    let columns = columns(&headers).ok_or_else(|| {
        let said = "the first line names no column `email`".to_owned();
        vec![RowProblem { line: 1, said }]
    })?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashMap::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(unreadable(&error));
                continue;
            }
        };
        let line = lines.of(record.position());
        match row(&record, &columns, line) {
            Ok(row) => match seen.insert(row.email.clone(), line) {
                Some(first) => {
                    let said = format!("the address of line {first} again; join the two lines");
                    problems.push(RowProblem { line, said });
                }
                None => rows.push(row),
            },
            Err(said) => problems.push(RowProblem { line, said }),
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// Lines as an editor counts them: the reader's own count is one behind after an empty line, and
/// everywhere where lines end with CR and LF.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record; records come in the order of the file.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let begin = position.and_then(|position| usize::try_from(position.byte()).ok());
        let bytes = self.text.as_bytes();
        let skipped = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
        };
        let begin = begin.map_or(self.at, skipped);
        let between = bytes.get(self.at..begin).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>();
        self.at = begin.max(self.at);
        self.line
    }
}

fn unreadable(error: &csv::Error) -> RowProblem {
    let line = error.position().map_or(0, csv::Position::line);
    RowProblem { line, said: format!("this is no line of a CSV file: {error}") }
}

fn columns(headers: &csv::StringRecord) -> Option<Columns> {
    let simple = |name: &str| {
        let kept = name.chars().filter(|c| c.is_ascii_alphanumeric());
        kept.collect::<String>().to_ascii_lowercase()
    };
    let names: Vec<String> = headers.iter().map(simple).collect();
    let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&name.as_str()));
    Some(Columns {
        email: find(&["email", "emailaddress", "mail"])?,
        name: find(&["name", "displayname", "fullname"]),
        organizations: find(&["organizations", "organization", "organisations"]),
        desks: find(&["desks", "desk", "projects", "servicedesks"]),
    })
}

fn row(record: &csv::StringRecord, columns: &Columns, line: u64) -> Result<Row, String> {
    let text = |column: Option<usize>| {
        column.and_then(|at| record.get(at)).map(str::trim).unwrap_or_default()
    };
    let address = text(Some(columns.email));
    if address.is_empty() {
        return Err("there is no address".to_owned());
    }
    let email: EmailAddress = address.parse().map_err(|error| format!("{address:?}: {error}"))?;
    let list = |column| {
        let parts = text(column).split([';', '|']).map(str::trim);
        let mut parts: Vec<String> =
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect();
        parts.dedup();
        parts
    };
    let desks = list(columns.desks);
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    if let Some(strange) = desks.iter().find(|desk| !desk.chars().all(usual)) {
        return Err(format!("{strange:?} is no id or project key of a service desk"));
    }
    let organizations = list(columns.organizations);
    let long = |name: &&String| name.chars().count() > 200 || name.chars().any(char::is_control);
    if let Some(strange) = organizations.iter().find(long) {
        return Err(format!("{strange:?} is no name of an organization"));
    }
    let name = match text(columns.name) {
        "" => email.as_str().to_owned(),
        name => name.chars().filter(|c| !c.is_control()).take(200).collect(),
    };
    Ok(Row { line, email, name, organizations, desks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_layout_is_read_in_any_order_of_columns() {
        let text = "name,desks,email,organizations,phone\nAnn Lee,1;OPS,Ann@Acme.example,\"Acme; Acme, Europe\",7\n,,bob@acme.example,,\n";
        let rows = rows(text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].email.as_str(), "ann@acme.example");
        assert_eq!(rows[0].organizations, ["Acme", "Acme, Europe"]);
        assert_eq!(
            (&*rows[0].name, &rows[0].desks[..]),
            ("Ann Lee", &["1".into(), "OPS".into()][..])
        );
        assert_eq!((&*rows[1].name, rows[1].line), ("bob@acme.example", 3));
    }

    #[test]
    fn the_layout_of_the_appsvio_app_is_read() {
        let rows = rows(include_str!("../../fixtures/appsvio.csv")).unwrap();
        let [ann, bob] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((ann.email.as_str(), &*ann.name), ("ann@acme.example", "Ann Lee"));
        assert_eq!(ann.desks, ["SUP", "OPS"]);
        assert_eq!(ann.organizations, ["Acme", "Acme Europe"]);
        assert!(bob.organizations.is_empty() && bob.desks == ["SUP"]);
    }

    #[test]
    fn every_line_that_cannot_be_used_is_named() {
        let text = "email,desks\nann,1\nann@acme.example,../x\n,1\nbob@acme.example,1\nBOB@acme.example,1\n";
        let problems = rows(text).unwrap_err();
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 3, 4, 6]);
        assert!(rows("name\nAnn\n").is_err());
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        for end in ["\n", "\r\n"] {
            let text = "email,name\na@a.example,\"A\nB\"\n\n\nb@a.example,B\n".replace('\n', end);
            for begin in ["", "\u{feff}"] {
                let rows = rows(&format!("{begin}{text}")).unwrap();
                assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6], "{text:?}");
            }
        }
    }
}
