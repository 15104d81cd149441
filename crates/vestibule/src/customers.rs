//! `vestibule customers …`: customers from a file, and those who stay away.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::JsmName;
use gateway::control::{Answer, Command, DormantOrder};
use indicatif::{ProgressBar, ProgressStyle};
use provisioning::{Act, Deed, DormancyState, Dormant, Order, Row, RowOutcome};

use crate::asking::{ask, strange};

/// Rows in one command: it must fit into a line of the control socket.
const AT_ONCE: usize = 40;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum CustomersCommand {
    /// Say what a file would change in JSM, and change nothing.
    Plan(File),
    /// Bring about what a file says; may be cut off and given again.
    Apply(File),
    /// Take back exactly what `apply` of the same file did.
    Undo(File),
    /// List customers who have not signed in for long.
    Dormant(Absent),
}

/// Customers who have not signed in for long.
#[derive(Debug, Args)]
pub(crate) struct Absent {
    /// For how many days access may end; what `dormancy` says, or 365.
    #[arg(long)]
    days: Option<u32>,
    /// Write to those who have had no notice.
    #[arg(long, conflicts_with = "end")]
    notify: bool,
    /// End the access of those whose notice is over; `reactivation` says what their next sign-in does.
    #[arg(long)]
    end: bool,
    /// End it whether they were told or not; it is recorded.
    #[arg(long, requires = "end")]
    without_notice: bool,
    /// The JSM's name, where the configuration has several.
    #[arg(long)]
    jsm: Option<JsmName>,
}

/// A file of customers.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// CSV with the columns email, name, organizations and desks; lists are separated by `;`. The
    /// layout of the Appsvio customers app is read, too.
    file: PathBuf,
    /// The JSM's name, where the configuration has several.
    #[arg(long)]
    jsm: Option<JsmName>,
}

pub(crate) fn customers(config: &Path, command: CustomersCommand) -> ExitCode {
    let (act, file) = match command {
        CustomersCommand::Plan(file) => (Act::Plan, file),
        CustomersCommand::Apply(file) => (Act::Apply, file),
        CustomersCommand::Undo(file) => (Act::Undo, file),
        CustomersCommand::Dormant(absent) => return dormant(config, absent),
    };
    let (order, rows) = match read(&file.file) {
        Ok(read) => read,
        Err(said) => {
            let _ = writeln!(io::stderr(), "{said}");
            return ExitCode::FAILURE;
        }
    };
    let mut totals = Totals::default();
    let bar = progress(rows.len());
    for some in rows.chunks(AT_ONCE) {
        let (jsm, order, rows) = (file.jsm.clone(), order.clone(), some.to_vec());
        let outcomes = match ask(config, &Command::Customers { jsm, order, act, rows }) {
            Ok(Answer::Customers(outcomes)) => outcomes,
            Ok(_) => return strange(),
            Err(code) => return code,
        };
        for outcome in outcomes {
            bar.suspend(|| totals.add(&outcome));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if act == Act::Undo {
        let mut organizations: Vec<String> =
            rows.into_iter().flat_map(|row| row.organizations).collect();
        organizations.sort();
        organizations.dedup();
        for some in organizations.chunks(AT_ONCE) {
            let (jsm, order) = (file.jsm.clone(), order.clone());
            let organizations = some.to_vec();
            match ask(config, &Command::CustomersUndone { jsm, order, organizations }) {
                Ok(Answer::Customers(outcomes)) => outcomes.iter().for_each(|o| totals.add(o)),
                Ok(_) => return strange(),
                Err(code) => return code,
            }
        }
    }
    totals.end(act)
}

fn read(path: &Path) -> Result<(Order, Vec<Row>), String> {
    let name = path.display();
    let text = std::fs::read(path).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    let order = Order::of(&text);
    let text = String::from_utf8(text).map_err(|_| format!("{name}: is not UTF-8"))?;
    let rows = provisioning::rows(&text).map_err(|problems| {
        let lines = problems.iter().map(|p| format!("{name}:{}: {}\n", p.line, p.said));
        let all: String = lines.collect();
        format!("{all}nothing was done")
    })?;
    Ok((order, rows))
}

/// A bar on a terminal, nothing elsewhere.
fn progress(rows: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rows.try_into().unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{bar:40} {pos}/{len} {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What became of all rows.
#[derive(Default)]
struct Totals {
    rows: usize,
    changed: usize,
    failed: usize,
}

impl Totals {
    fn add(&mut self, outcome: &RowOutcome) {
        self.rows += 1;
        self.changed += usize::from(!outcome.done.is_empty());
        if !outcome.done.is_empty() {
            let _ = writeln!(io::stdout(), "line {}: {}", outcome.line, outcome.done.join(", "));
        }
        if let Some(failed) = &outcome.failed {
            self.failed += 1;
            let _ = writeln!(io::stderr(), "line {}: {failed}", outcome.line);
        }
    }

    fn end(self, act: Act) -> ExitCode {
        let deed = match act {
            Act::Plan => "would change",
            Act::Apply => "changed",
            Act::Undo => "taken back",
        };
        let Self { rows, changed, failed } = self;
        let _ = writeln!(io::stdout(), "{rows} rows: {changed} {deed}, {failed} failed");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn dormant(config: &Path, absent: Absent) -> ExitCode {
    let Absent { days, notify, end, without_notice, jsm } = absent;
    let order = match (notify, end, without_notice) {
        (true, ..) => DormantOrder::Notify,
        (_, true, true) => DormantOrder::EndWithoutNotice,
        (_, true, false) => DormantOrder::End,
        _ => DormantOrder::List,
    };
    match ask(config, &Command::DormantCustomers { jsm, days, order }) {
        Ok(Answer::Dormant(found)) => {
            let _ = io::stdout().write_all(shown(&found).as_bytes());
            match found.iter().any(|found| found.failed.is_some()) {
                true => ExitCode::FAILURE,
                false => ExitCode::SUCCESS,
            }
        }
        Ok(_) => strange(),
        Err(code) => code,
    }
}

// Writing into a string does not fail: the results of `write!` below are dropped.

fn shown(found: &[Dormant]) -> String {
    let mut text = format!("{} customers stay away\n", found.len());
    for Dormant { account, owner, last_sign_in, state, done, failed } in found {
        let whose = owner.as_ref().map(ToString::to_string).unwrap_or_default();
        let stands = match state {
            DormancyState::Awake => "here not long ago".to_owned(),
            DormancyState::Excepted => "never ends: excepted".to_owned(),
            DormancyState::Licensed => "never ends: takes a licence".to_owned(),
            DormancyState::NoAddress => "no notice possible: no address is known".to_owned(),
            DormancyState::Undeliverable => {
                "no notice possible: the mail server refused it".to_owned()
            }
            DormancyState::NoticeDue => "no notice yet".to_owned(),
            DormancyState::NoticeWaits => "the notice waits for the mail server".to_owned(),
            DormancyState::Noticed { given, ends } => format!("notice on {given}, ends at {ends}"),
            DormancyState::Over { given } => format!("notice on {given}, which is over"),
            DormancyState::Ended { at } => format!("access ended on {at}"),
        };
        let done = match done {
            Deed::Nothing => "",
            Deed::Written => "; written to now",
            Deed::Ended => "; access ended now",
            Deed::Held => "; waits for `vestibule provisioning release`",
        };
        let failed = failed.as_ref().map(|why| format!("; failed: {why}")).unwrap_or_default();
        let account = &account.0;
        let _ = writeln!(
            text,
            "   {account} ({whose}), last on {last_sign_in}: {stands}{done}{failed}"
        );
    }
    text
}
