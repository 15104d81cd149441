//! Finding records again.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use domain::ReferenceCode;

use crate::Record;

/// Every record with this reference code, in the order of writing. Lines that are no records, such
/// as one cut off by a crash, are passed over.
///
/// # Errors
/// When the file cannot be read.
pub fn find(path: &Path, code: ReferenceCode) -> io::Result<Vec<Record>> {
    let needle = code.to_string();
    let mut found = Vec::new();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        let line = line?;
        // Most lines are not it: look for the text before parsing.
        if !line.windows(needle.len()).any(|window| window == needle.as_bytes()) {
            continue;
        }
        found.extend(serde_json::from_slice::<Record>(&line).ok().filter(|r| r.reference == code));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use domain::{AuditEvent, Timestamp};

    use super::*;
    use crate::AuditLog;

    #[tokio::test]
    async fn a_record_is_found_by_its_code_beside_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit/log.jsonl");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "{\"time\":\"torn\n").unwrap();
        let log = AuditLog::open(&path).unwrap();
        let code = ReferenceCode::from_random([3; 8]);
        let event = AuditEvent::SignInStarted {
            site: "help".parse().unwrap(),
            idp: "acme".parse().unwrap(),
        };
        let record = Record::new(Timestamp::from_seconds(0), code, None, event);
        log.record(&record).await.unwrap();
        assert_eq!(find(&path, code).unwrap(), [record]);
        assert_eq!(find(&path, ReferenceCode::from_random([4; 8])).unwrap(), []);
    }

    #[test]
    fn a_log_that_cannot_be_opened_says_what_to_do() {
        let error = AuditLog::open(Path::new("/proc/no/such/file")).unwrap_err();
        assert!(error.to_string().contains("audit.file: `/proc/no/such/file`"));
    }
}
