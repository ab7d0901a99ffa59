//! What the kernel says of a process and all its descendants (proc(5)), and where they may run.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// A process and its descendants, as they are now.
pub fn tree(root: u32) -> Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Ok(fields) = stat(process)
            && let Some(parent) = fields.get(1)
        {
            children.entry(*parent as u32).or_default().push(process);
        }
    }
    let mut all = vec![root];
    let mut next = 0;
    while let Some(process) = all.get(next) {
        all.extend(children.remove(process).unwrap_or_default());
        next += 1;
    }
    Ok(all)
}

/// User and system time of a tree so far, in seconds, those of its members that have ended included.
pub fn cpu_secs(root: u32) -> Result<f64> {
    let mut secs = 0.0;
    for process in tree(root)? {
        // One that has ended meanwhile counts with its parent.
        let Ok(fields) = stat(process) else { continue };
        let Ok(clock) = clock_getcpuclockid(Pid::from_raw(process as i32)) else { continue };
        // To the nanosecond, with threads that have ended.
        secs += Duration::from(clock.now()?).as_secs_f64();
        // cutime and cstime: children that have ended, in hundredths.
        secs +=
            fields.get(13..15).context("a short line in /proc/PID/stat")?.iter().sum::<i64>() as f64 / ticks_per_sec();
    }
    Ok(secs)
}

/// The proportional set size of a tree, in KiB.
pub fn pss_kib(root: u32) -> Result<u64> {
    sum(root, "smaps_rollup", "Pss:")
}

/// The resident set size of a tree, in KiB.
pub fn rss_kib(root: u32) -> Result<u64> {
    sum(root, "status", "VmRSS:")
}

fn sum(root: u32, file: &str, key: &str) -> Result<u64> {
    let mut kib = 0;
    for process in tree(root)? {
        let path = format!("/proc/{process}/{file}");
        let text = fs::read_to_string(&path).with_context(|| format!("{path}: is it another user's?"))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0");
        kib += line.split_whitespace().next().unwrap_or("0").parse::<u64>()?;
    }
    Ok(kib)
}

/// The numbers behind the name: the state comes first (as 0), then the parent.
fn stat(process: u32) -> Result<Vec<i64>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = text.rsplit_once(") ").context("a line without a name in /proc/PID/stat")?;
    Ok(fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn ticks_per_sec() -> f64 {
    static TICKS: OnceLock<f64> = OnceLock::new();
    *TICKS.get_or_init(|| {
        let output = Command::new("getconf").arg("CLK_TCK").output();
        output.ok().and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok()).unwrap_or(100.0)
    })
}

/// The processors that this process may use, such as `0-1`.
pub fn processors() -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(list.context("no Cpus_allowed_list")?.trim().to_owned())
}

/// The first of a list of processors.
pub fn first_processor(list: &str) -> &str {
    list.split([',', '-']).next().unwrap_or("0")
}

/// Lets a tree and all its threads run on these processors alone.
pub fn pin(root: u32, processors: &str) -> Result<()> {
    for process in tree(root)? {
        let status = Command::new("taskset")
            .args(["--all-tasks", "--cpu-list", "--pid", processors, &process.to_string()])
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "taskset failed for process {process}");
    }
    Ok(())
}
