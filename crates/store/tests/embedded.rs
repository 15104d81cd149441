//! The embedded store: the suite, the file, crashes.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is a check")]

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Timestamp;
use store::{Area, EmbeddedStore, Entry, FaultyStore, Followed, Store, StoreError, conformance};

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn entry(value: &str, deadline: Timestamp) -> Entry {
    Entry { value: value.into(), deadline, groups: vec!["g".to_owned()] }
}

/// Makes stores in folders that live as long as this value.
#[derive(Default)]
struct Folders(Mutex<Vec<tempfile::TempDir>>);

impl Folders {
    fn open(&self) -> Arc<EmbeddedStore> {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
        self.0.lock().unwrap().push(folder);
        store
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_conforms() {
    let folders = Folders::default();
    let checks = conformance::run(async || folders.open() as Arc<dyn Store>).await;
    println!("embedded: {checks} conformance checks passed");
    assert!(checks >= 16);
}

#[tokio::test]
async fn only_what_is_followed_is_announced() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), conformance::SOME).unwrap();
    conformance::only_what_is_followed_is_announced(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn faulty_without_faults_conforms() {
    let folders = Folders::default();
    let make = async || Arc::new(FaultyStore::new(folders.open())) as Arc<dyn Store>;
    let checks = conformance::run(make).await;
    println!("faulty: {checks} conformance checks passed");
    assert!(checks >= 16);
}

#[tokio::test]
async fn folder_and_file_belong_to_one_user() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("a/b");
    let _store = EmbeddedStore::open(&folder, Followed::ALL).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("vestibule.redb")), 0o600);
    assert_eq!(mode(&folder.join("sessions")), 0o700);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing half-made is left");
}

#[tokio::test]
async fn a_second_process_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let first = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    let error = EmbeddedStore::open(folder.path(), Followed::ALL).err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("vestibule.redb") && error.to_string().contains("stop"));
    drop(first);
    EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vestibule.redb");
    let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    for number in 0..200 {
        let key = format!("key-{number}");
        store.put(Area::Records, &key, entry(&"v".repeat(500), Timestamp::MAX), NOW).await.unwrap();
    }
    drop(store);
    let good = fs::read(&file).unwrap();
    let value = good.windows(50).position(|w| w == "v".repeat(50).as_bytes()).unwrap();
    let mut flipped = good.clone();
    flipped[value] ^= 1;
    let cases: [(&str, Vec<u8>); 4] = [
        ("empty", Vec::new()),
        ("foreign", b"SQLite format 3\0".repeat(1000)),
        ("cut", good[..good.len() / 2].to_vec()),
        ("altered", flipped),
    ];
    for (name, bytes) in cases {
        fs::write(&file, &bytes).unwrap();
        let error = EmbeddedStore::open(folder.path(), Followed::ALL).err();
        let error = error.unwrap_or_else(|| panic!("a file that is {name} was opened"));
        assert!(matches!(error, StoreError::Damaged { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("vestibule.redb"), "{name}: {error}");
        let left = fs::read(&file).unwrap();
        assert_eq!(left.is_empty(), bytes.is_empty(), "{name}: it was replaced by a new store");
    }
    fs::write(&file, &good).unwrap();
    EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
}

#[tokio::test]
async fn the_sweep_removes_exactly_what_has_expired() {
    let folders = Folders::default();
    let store = folders.open();
    let mut all = Vec::new();
    for number in 0..1500 {
        let store = Arc::clone(&store);
        all.push(tokio::spawn(async move {
            let early = entry("v", Timestamp::from_seconds(2_000));
            store.put(Area::Sessions, &format!("early-{number}"), early, NOW).await.unwrap();
        }));
    }
    for task in all {
        task.await.unwrap();
    }
    let (edge, late) = (Timestamp::from_seconds(2_000), Timestamp::from_seconds(2_001));
    store.put(Area::Records, "edge", entry("v", edge), NOW).await.unwrap();
    store.put(Area::Records, "late", entry("v", late), NOW).await.unwrap();
    assert_eq!(store.sweep(Timestamp::from_millis(1_999_999)).await.unwrap(), 0);
    assert_eq!(store.sweep(edge).await.unwrap(), 1501);
    assert_eq!(store.sweep(edge).await.unwrap(), 0);
    // Read at an earlier moment, so that only a real removal hides an entry.
    assert_eq!(store.get(Area::Records, "edge", NOW).await.unwrap(), None);
    assert!(store.get(Area::Records, "late", NOW).await.unwrap().is_some());
    assert!(store.group(Area::Sessions, "g", NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    store.put(Area::Records, "k", entry("v", Timestamp::MAX), NOW).await.unwrap();
    drop(store);
    let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    assert_eq!(store.group(Area::Records, "g", NOW).await.unwrap().len(), 1);
}

/// What was said behind a name on the command line, where the test runner takes it for a filter that
/// matches no test.
fn argument(name: &str) -> Option<String> {
    std::env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned))
}

/// Not a check of its own: the process that [`acknowledged_writes_survive_kill_9`] kills. It writes
/// for ever and prints the number of each write that was acknowledged.
#[tokio::test]
async fn writer_process() {
    let Some(folder) = argument("store-folder=") else { return };
    let first = argument("first=").and_then(|first| first.parse::<u32>().ok()).unwrap();
    let store = EmbeddedStore::open(Path::new(&folder), Followed::ALL).unwrap();
    let mut out = std::io::stderr();
    for number in first.. {
        let key = number.to_string();
        for area in [Area::Sessions, Area::Records] {
            store.put(area, &key, entry(&key, Timestamp::MAX), NOW).await.unwrap();
        }
        // Something is removed and something taken, too.
        store.put(Area::Records, "removed", entry(&key, Timestamp::MAX), NOW).await.unwrap();
        store.remove(Area::Records, "removed").await.unwrap();
        writeln!(out, "acknowledged {number}").unwrap();
    }
}

/// Writes from `first` on until the process has acknowledged `count` writes, then kills it at some
/// moment of the next one; gives the last that was acknowledged.
fn killed_after(folder: &Path, first: u32, count: u32, moment: Duration) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["writer_process", &format!("store-folder={}", folder.display())])
        .args([&format!("first={first}"), "--nocapture", "--test-threads=1"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut last = None;
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    for line in lines {
        last = line.strip_prefix("acknowledged ").and_then(|n| n.parse::<u32>().ok()).or(last);
        if last == Some(first + count) {
            std::thread::sleep(moment);
            // SIGKILL on Unix; lines that are still in the pipe are read on, and count.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    last.unwrap()
}

/// Twenty times on one folder; `scripts/long kill` says `kills=200`.
#[tokio::test]
async fn acknowledged_writes_survive_kill_9() {
    let kills: u32 = argument("kills=").and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut random) = (0, RandomState::new().hash_one(kills));
    for kill in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let count = u32::try_from(random >> 33).unwrap() % 20;
        let moment = Duration::from_micros((random >> 20) % 4_000);
        let last = killed_after(folder.path(), first, count, moment);
        let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
        for area in [Area::Sessions, Area::Records] {
            for number in 0..=last {
                let key = number.to_string();
                let value = store.get(area, &key, NOW).await.unwrap();
                let lost = format!("{area:?}: write {number} of {last} is lost by kill {kill}");
                assert_eq!(value, Some(key.into_bytes()), "{lost}");
            }
            let indexed = store.group(area, "g", NOW).await.unwrap().len();
            assert!(indexed > usize::try_from(last).unwrap(), "the group index is whole");
        }
        first = last + 1;
    }
    println!("embedded: killed {kills} times, {first} acknowledged writes, none lost");
}
