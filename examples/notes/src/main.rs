//! Notes in a file of SQLite, whose tables are brought up to date as it starts.

use std::env;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use actix_web::{App, HttpServer, Responder, error, get, middleware::Logger, post, web};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use serde::{Deserialize, Serialize};

/// In order; one that is released is never changed again.
fn migrations() -> Migrations<'static> {
    Migrations::new(vec![M::up(include_str!("../migrations/1-notes.sql"))])
}

type Database = web::Data<Mutex<Connection>>;

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

#[derive(Serialize)]
struct Note {
    id: i64,
    text: String,
}

#[get("/")]
async fn index() -> impl Responder {
    "POST a note, as text=…, to /notes; GET /notes has all of them.\n"
}

#[get("/notes")]
async fn list(database: Database) -> actix_web::Result<impl Responder> {
    let notes = with(database, |database| {
        let mut query = database.prepare("SELECT id, text FROM notes ORDER BY id")?;
        let note = |row: &rusqlite::Row<'_>| {
            Ok(Note {
                id: row.get(0)?,
                text: row.get(1)?,
            })
        };
        query.query_map([], note)?.collect::<Result<Vec<_>, _>>()
    });
    Ok(web::Json(notes.await?))
}

#[post("/notes")]
async fn add(database: Database, note: web::Form<NewNote>) -> actix_web::Result<impl Responder> {
    let text = note.into_inner().text;
    let id = with(database, move |database| {
        database.execute("INSERT INTO notes (text) VALUES (?1)", [&text])?;
        Ok(database.last_insert_rowid())
    });
    Ok(web::Json(id.await?))
}

/// What waits for a file has no place on a thread that serves.
async fn with<T: Send + 'static>(
    database: Database,
    act: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
) -> actix_web::Result<T> {
    let act = move || act(&mut database.lock().unwrap_or_else(PoisonError::into_inner));
    web::block(act)
        .await?
        .map_err(error::ErrorInternalServerError)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let file = env::var("NOTES_FILE").unwrap_or_else(|_| "notes.db".to_owned());
    let mut database = Connection::open(&file).map_err(|error| format!("{file}: {error}"))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    migrations().to_latest(&mut database)?;
    let database = web::Data::new(Mutex::new(database));
    let app = move || {
        App::new()
            .wrap(Logger::default())
            .app_data(database.clone())
            .service(index)
            .service(list)
            .service(add)
    };
    HttpServer::new(app).bind(("0.0.0.0", 8080))?.run().await?;
    Ok(())
}
