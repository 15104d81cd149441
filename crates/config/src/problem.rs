//! What is wrong with the file, in words for the operator.

use std::fmt;

/// One thing that must be changed before the gateway starts.
///
/// Never holds a secret, nor a line of the file: neighbouring lines may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; `None` where the file as a whole is meant.
    pub line: Option<usize>,
    /// Where in the file, such as `identity_providers.acme.saml.metadata`; empty: all of it.
    pub path: String,
    /// What the file says and why it cannot be used.
    pub said: String,
    /// What to write or to do instead.
    pub wanted: String,
    /// The known name that looks most like the one that was said.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.said, self.wanted)?;
        match &self.nearest {
            Some(name) => write!(f, " (nearest known name: `{name}`)"),
            None => Ok(()),
        }
    }
}

/// All problems of one file, in the file's order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file's name as it was given.
    pub file: String,
    /// The problems.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// A single problem with the file as a whole.
    pub(crate) fn whole_file(file: &str, said: impl Into<String>, wanted: &str) -> Self {
        let problem = Problem {
            line: None,
            path: String::new(),
            said: said.into(),
            wanted: wanted.to_owned(),
            nearest: None,
        };
        Self { file: file.to_owned(), problems: vec![problem] }
    }
}

/// One problem a line: `vestibule.yaml:41: sites.help.hosts[0]: … ; …`.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write_place(f, &self.file, problem.line)?;
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Something that works and is probably not meant, such as a certificate that ends next week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line in the file, from 1; `None` where something is not in the file.
    pub line: Option<usize>,
    /// Where in the file.
    pub path: String,
    /// What was noticed and what to do.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}: {}", self.path, self.text),
            None => write!(f, "{}: {}", self.path, self.text),
        }
    }
}

/// The text for an operator at a terminal: every problem on its line, then how many there are.
pub fn describe(problems: &Problems) -> String {
    let count = match problems.problems.len() {
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    format!("{problems}\n{count}; nothing was started or changed")
}

fn write_place(f: &mut fmt::Formatter<'_>, file: &str, line: Option<usize>) -> fmt::Result {
    match line {
        Some(line) => write!(f, "{file}:{line}: "),
        None => write!(f, "{file}: "),
    }
}
