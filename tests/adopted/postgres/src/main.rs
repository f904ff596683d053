use actix_web::{App, HttpResponse, HttpServer, Responder, get, web};
use diesel::{Connection, PgConnection};

#[get("/")]
async fn index() -> impl Responder {
    "a catalogue"
}

/// Says how the database answers.
#[get("/database")]
async fn database() -> impl Responder {
    let answer = web::block(|| {
        let url = std::env::var("DATABASE_URL").map_err(|error| error.to_string())?;
        PgConnection::establish(&url).map_err(|error| error.to_string())
    });
    match answer.await {
        Ok(Ok(_)) => HttpResponse::Ok().body("it is there"),
        Ok(Err(error)) => HttpResponse::ServiceUnavailable().body(error),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    HttpServer::new(|| App::new().service(index).service(database))
        .bind("0.0.0.0:8080")?
        .run()
        .await
}
