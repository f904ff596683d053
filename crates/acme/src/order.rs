//! One order, from its names to the pair: RFC 8555, section 7.4.

use std::{
    collections::BTreeMap,
    fs, iter,
    path::{Path, PathBuf},
    time::Duration,
};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, NewOrder, Order,
    OrderStatus, Problem, RetryPolicy,
};

use crate::{certificate::written, settings::Settings};

/// How long the authority may take to look at the challenges, and to make the certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(2));

/// A certificate with its chain, and its key, both in PEM.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// Gets a certificate in the place of another one, if there is one that the authority knows.
pub(crate) async fn issue(
    account: &Account,
    settings: &Settings,
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Pair, Error> {
    let mut order = begin(account, settings, replaces).await?;
    let challenges = Challenges::new(&settings.challenges);
    answer(&mut order, challenges).await?;
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(Pair { chain, key })
}

async fn begin(
    account: &Account,
    settings: &Settings,
    replaces: Option<CertificateIdentifier<'static>>,
) -> Result<Order, Error> {
    let new = || {
        let order = NewOrder::new(&settings.names);
        match &settings.profile {
            Some(profile) => order.profile(profile),
            None => order,
        }
    };
    let Some(replaces) = replaces else {
        return account.new_order(&new()).await;
    };
    match account.new_order(&new().replaces(replaces)).await {
        // What was replaced already, or is another authority's, is not in the way of a new one.
        Err(Error::Unsupported(_)) => account.new_order(&new()).await,
        Err(Error::Api(problem)) if !is(&problem, "rateLimited") => account.new_order(&new()).await,
        other => other,
    }
}

/// Answers the challenges of an order, and awaits that the authority has seen each answer.
async fn answer(order: &mut Order, mut challenges: Challenges<'_>) -> Result<(), Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        // One that was given for another order is still good.
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
            return Err(other(
                "the authority offers no challenge by HTTP for one of the names",
            ));
        };
        challenges
            .put(&challenge.token, challenge.key_authorization().as_str())
            .map_err(other)?;
        challenge.set_ready().await?;
    }
    match order.poll_ready(&PATIENCE).await? {
        OrderStatus::Ready | OrderStatus::Valid => Ok(()),
        _ => Err(refused(order).await),
    }
}

/// Why the authority did not accept an answer.
async fn refused(order: &mut Order) -> Error {
    let mut reasons = BTreeMap::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else {
            continue;
        };
        let name = written(state.identifier().identifier);
        let problems = state.challenges.iter().filter_map(|one| one.error.as_ref());
        for problem in problems {
            reasons.insert(name.clone(), described(problem));
        }
    }
    let all: Vec<_> = reasons
        .into_iter()
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect();
    other(if all.is_empty() {
        "the authority did not accept the order, and does not say why".to_owned()
    } else {
        all.join("; ")
    })
}

/// What an authority says of a problem.
pub(crate) fn described(problem: &Problem) -> String {
    let kind = problem.r#type.as_deref().unwrap_or("about:blank");
    let kind = kind.rsplit(':').next().unwrap_or(kind);
    let whole = match &problem.detail {
        Some(detail) => format!("{} ({kind})", detail.trim_end_matches('.')),
        None => kind.to_owned(),
    };
    let parts = problem.subproblems.iter().map(ToString::to_string);
    let all: Vec<_> = iter::once(whole).chain(parts).collect();
    all.join("; ")
}

/// Whether it is of this type: RFC 8555, section 6.7.
pub(crate) fn is(problem: &Problem, kind: &str) -> bool {
    let of = problem.r#type.as_deref();
    of.and_then(|of| of.strip_prefix("urn:ietf:params:acme:error:")) == Some(kind)
}

fn other(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Other(reason.into())
}

/// Answers in the folder that is served; they are taken away in the end.
struct Challenges<'a> {
    folder: &'a Path,
    files: Vec<PathBuf>,
}

impl<'a> Challenges<'a> {
    fn new(folder: &'a Path) -> Self {
        let files = Vec::new();
        Self { folder, files }
    }

    fn put(&mut self, token: &str, answer: &str) -> Result<(), String> {
        // It becomes a file's name, and has no other characters (RFC 8555, section 8.3).
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if token.is_empty() || token.len() > 200 || !token.bytes().all(fits) {
            return Err(format!("the authority's token {token:?} is none"));
        }
        let path = self.folder.join(token);
        fs::create_dir_all(self.folder)
            .and_then(|()| fs::write(&path, answer))
            .map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
        self.files.push(path);
        Ok(())
    }
}

impl Drop for Challenges<'_> {
    fn drop(&mut self) {
        for path in &self.files {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_where_they_are_served_and_go_away() {
        let folder = std::env::temp_dir().join(format!("acme-{}", std::process::id()));
        let mut challenges = Challenges::new(&folder);
        challenges.put("a-Token_1", "a-Token_1.thumb").unwrap();
        assert_eq!(
            fs::read(folder.join("a-Token_1")).unwrap(),
            b"a-Token_1.thumb"
        );
        for token in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "/etc/x",
            "a.b",
            "a\0",
            &"a".repeat(201),
        ] {
            let message = challenges.put(token, "x").unwrap_err();
            assert!(message.starts_with("the authority's token"), "{message}");
        }
        drop(challenges);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir(&folder).unwrap();
    }
}
