//! A room in which everybody hears everybody, by WebSockets.

use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, get, web};
use actix_ws::{Message, MessageStream, Session};
use tokio::{
    sync::broadcast::{Sender, channel, error::RecvError},
    time::{MissedTickBehavior, interval},
};

/// What is said waits here for whoever is slow; who is slower still misses some of it.
const BACKLOG: usize = 64;

/// Below the time after which the edge closes what is silent.
const PING: Duration = Duration::from_secs(60);

#[get("/")]
async fn page() -> impl Responder {
    web::Html::new(include_str!("page.html"))
}

#[get("/room")]
async fn enter(
    request: HttpRequest,
    body: web::Payload,
    room: web::Data<Sender<String>>,
) -> actix_web::Result<HttpResponse> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(converse(session, messages, room));
    Ok(response)
}

async fn converse(
    mut session: Session,
    mut messages: MessageStream,
    room: web::Data<Sender<String>>,
) {
    let mut broadcast = room.subscribe();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            message = messages.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    // Whoever says it hears it, too.
                    let _ = room.send(text.to_string());
                    Ok(())
                }
                Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => Ok(()),
            },
            text = broadcast.recv() => match text {
                Ok(text) => session.text(text).await,
                Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => break,
            },
            _ = ping.tick() => session.ping(b"").await,
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = session.close(None).await;
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    env_logger::init();
    let room = web::Data::new(channel::<String>(BACKLOG).0);
    let app = move || {
        App::new()
            .app_data(room.clone())
            .service(page)
            .service(enter)
    };
    // A conversation has no end of its own to wait for.
    HttpServer::new(app)
        .shutdown_timeout(2)
        .bind(("0.0.0.0", 8080))?
        .run()
        .await
}
