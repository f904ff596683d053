//! The end of a server: whoever has connected is answered, or told that it ends.

use std::io;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::accept::Acceptor;
use crate::backlog;
use crate::config::Config;
use crate::connection::{LAST_REQUEST, LastWord};
use crate::shutdown::{Progress, Stage};

/// How long telling 503 to whoever has no answer in the end may take. With the longest drain by
/// default, and the last lines of the log, this is below the 10 s that `docker stop` waits.
const LAST_WORD: Duration = Duration::from_millis(1500);

/// How long a connection that is being made may take until it is: either kernel repeats what was
/// lost after one second, and again after two more (RFC 6298, section 2). Who takes longer may
/// never come, or not be there at all.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// How often it is looked whether connections are still being made. The kernel tells nobody when
/// one was given up.
const LOOK: Duration = Duration::from_millis(10);

/// Ends the server: by itself when every connection has ended, else by the one limit that there
/// is, and says so in the log. `passed`: the socket goes on listening for a successor.
///
/// # Errors
/// A thread that serves has ended.
pub async fn drain(
    mut acceptor: Acceptor,
    config: &Config,
    progress: &Progress,
    passed: bool,
) -> io::Result<()> {
    progress.reach(Stage::Draining);
    log::info!("draining");
    if !config.drain_delay.is_zero() {
        // The server runs on while the edge or an orchestrator sees /readyz, and sends those
        // elsewhere who come back.
        progress.reach(Stage::Closing);
        tokio::select! {
            ended = acceptor.accept_all() => return ended,
            () = sleep(config.drain_delay) => {}
        }
    }
    let limit = Instant::now() + config.shutdown;
    let finished = timeout_at(limit, finish(&mut acceptor, progress, passed)).await;
    if let Ok(finished) = finished {
        return finished;
    }
    let mut unfinished = acceptor.requests();
    progress.reach(Stage::Over);
    let turn_away = async {
        let mut waiting = JoinSet::new();
        while acceptor.is_waited_for() {
            let (stream, _) = acceptor.accept().await?;
            unfinished += 1;
            waiting.spawn(LastWord::UNAVAILABLE.say(TcpStream::from_std(stream)?));
        }
        acceptor.stop_listening();
        waiting.join_all().await;
        acceptor.all_ended().await;
        Ok(())
    };
    let told = timeout_at(limit + LAST_WORD, turn_away).await;
    if unfinished > 0 {
        log::warn!(
            requests = unfinished;
            "{}={}: not every request could be finished",
            Config::APP_SHUTDOWN_SECONDS.name,
            config.shutdown.as_secs()
        );
    }
    told.unwrap_or(Ok(()))
}

/// Answers whoever has connected, and waits until every connection has ended.
async fn finish(acceptor: &mut Acceptor, progress: &Progress, passed: bool) -> io::Result<()> {
    let empty = async {
        progress.reached(Stage::Closing).await;
        sleep(LAST_REQUEST).await;
        progress.reach(Stage::Emptying);
    };
    let end = async {
        // Those who come to a socket that was passed are the successor's.
        if !passed {
            accept_the_last(acceptor, progress).await?;
        }
        // Not before, unless there is no other way to go on: whoever has to connect again is to be
        // refused at once. Not after: as soon as anybody is refused, every answer says so.
        progress.reach(Stage::Closing);
        acceptor.stop_listening();
        if !passed {
            // As long as this refuses, the edge learns that it has to go elsewhere.
            progress.reached(Stage::Emptying).await;
        }
        acceptor.all_ended().await;
        Ok(())
    };
    tokio::pin!(end);
    tokio::select! {
        ended = &mut end => ended,
        () = empty => end.await,
    }
}

/// Takes on whoever has connected, until nobody waits any more. When there is no room, connections
/// in use end after their answer, so that all get their turn.
///
/// A socket that stops listening resets what nobody has accepted yet, and with it a POST that was
/// sent already.
async fn accept_the_last(acceptor: &mut Acceptor, progress: &Progress) -> io::Result<()> {
    let Some(listener) = acceptor.listener() else {
        return Ok(());
    };
    let address = listener.local_addr()?;
    // A kernel that does not let this user do so may reset what is being made at the last moment;
    // those who come would never end there, so who waits by now is taken on, and a second's more.
    let refuses_new = backlog::refuse_new(listener).is_ok();
    let mut left = if refuses_new {
        usize::MAX
    } else {
        backlog::len(address)
    };
    let more = Instant::now() + LAST_REQUEST;
    let mut patience = Instant::now() + HANDSHAKE;
    loop {
        // Asked before, so that whoever is there in between is found below.
        let others = backlog::is_being_made(address);
        while (left > 0 || Instant::now() < more) && acceptor.is_waited_for() {
            left = left.saturating_sub(1);
            if !acceptor.has_slot() {
                progress.reach(Stage::Closing);
            }
            let slot = acceptor.slot().await?;
            let connected = acceptor.accept().await?;
            acceptor.hand_on(connected, slot)?;
            patience = Instant::now() + HANDSHAKE;
        }
        if !others || Instant::now() > patience || !refuses_new && Instant::now() > more {
            return Ok(());
        }
        sleep(LOOK).await;
    }
}
