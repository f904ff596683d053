//! What a program listens at, as the kernel says it: <https://docs.kernel.org/networking/proc_net_tcp.html>

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The state of a socket that listens.
const LISTENS: &str = "0A";

/// A row of the kernel's table.
struct Row {
    port: u16,
    /// Of a socket that listens: how many connections nobody has taken yet.
    waiting: u32,
    inode: u64,
}

/// How many connections wait at that port of this machine, if something listens there.
#[must_use]
pub fn waiting(port: u16) -> Option<u32> {
    let found = |row: Row| (row.port == port).then_some(row.waiting);
    rows("/proc/net/tcp").find_map(found)
}

/// The ports that a process group's programs listen at, but for one.
#[must_use]
pub fn ports(group: u32, but: u16) -> BTreeSet<u16> {
    let sockets: BTreeSet<u64> = members(group).flat_map(sockets).collect();
    let all = rows("/proc/net/tcp").chain(rows("/proc/net/tcp6"));
    all.filter(|row| row.port != but && sockets.contains(&row.inode))
        .map(|row| row.port)
        .collect()
}

fn rows(table: &str) -> impl Iterator<Item = Row> + use<> {
    let text = fs::read_to_string(table).unwrap_or_default();
    let rows: Vec<_> = text.lines().skip(1).filter_map(row).collect();
    rows.into_iter()
}

/// `sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode`
fn row(line: &str) -> Option<Row> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let [_, local, _, LISTENS, queues, _, _, _, _, inode, ..] = fields.as_slice() else {
        return None;
    };
    Some(Row {
        port: u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok()?,
        waiting: u32::from_str_radix(queues.split_once(':')?.1, 16).ok()?,
        inode: inode.parse().ok()?,
    })
}

/// The processes of a group: the fifth field of `stat` (proc_pid_stat(5)), whose second one may
/// hold anything in brackets.
fn members(group: u32) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let its: u32 = stat.rsplit_once(')')?.1.split(' ').nth(3)?.parse().ok()?;
        (its == group).then_some(pid)
    })
}

/// The numbers of the sockets that a process has open.
fn sockets(pid: u32) -> Vec<u64> {
    let entries = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("fd"));
    let links = entries.into_iter().flatten().flatten();
    links
        .filter_map(|entry| {
            let link = fs::read_link(entry.path()).ok()?;
            link.to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')?
                .parse()
                .ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::process;

    #[test]
    fn connections_that_nobody_has_taken_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        assert_eq!(waiting(address.port()), Some(0));
        let client = TcpStream::connect(address).expect("a connection");
        assert_eq!(waiting(address.port()), Some(1));
        drop(listener.accept().expect("taken"));
        assert_eq!(waiting(address.port()), Some(0));
        drop((listener, client));
        assert_eq!(waiting(address.port()), None);
    }

    #[test]
    fn a_program_that_listens_is_found() {
        let stat = fs::read_to_string("/proc/self/stat").expect("it");
        let group = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split(' ').nth(3)?.parse().ok());
        let group = group.expect("a group");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        assert!(ports(group, 0).contains(&port), "{}", process::id());
        assert!(!ports(group, port).contains(&port));
    }
}
