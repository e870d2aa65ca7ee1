//! `GET /api/v1/search`: what was said, by its words.

use actix_web::{HttpRequest, HttpResponse, web};

use super::caller::Caller;
use super::error::ApiError;
use super::messages::{HISTORY_PAGE, HISTORY_PAGE_MAX, array, place};
use super::query::Query;
use crate::engine::{Engine, RateLimit, Search};
use crate::limits::Limits;
use crate::protocol::search::Terms;

/// `GET /search`: what was said that has these words, where the caller may read it.
#[utoipa::path(
    get, path = "/api/v1/search", security(("neoirc_auth" = [])),
    params(
        ("q" = String, Query, description = "Words, \"phrases\" and beginnings*; all of them are to be there", min_length = 1, max_length = 256),
        ("target" = Option<String>, Query, description = "A channel or a nick; all that one may read where it is absent"),
        ("from" = Option<String>, Query, description = "The nick of whoever said it, as it was then"),
        ("before" = Option<String>, Query, description = "A seq or an id", pattern = "^([0-9]{1,18}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"),
        ("limit" = Option<u64>, Query, description = "At most 500", maximum = 9_223_372_036_854_775_807_u64),
    ),
    responses(
        (status = 200, description = "The newest before that, newest first", body = [super::schema::Envelope]),
        (status = 404, description = "No such target, or nothing can be searched", body = super::schema::Problem),
    ),
)]
pub(super) async fn search(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    limits.search(caller.user).inspect_err(|_| engine.stats().rate_limited(RateLimit::Search))?;
    let query = Query::of(request.head());
    let given = |name| Ok::<_, ApiError>(query.text(name)?.filter(|text| !text.is_empty()));
    let terms = Terms::parse(&given("q")?.unwrap_or_default()).map_err(ApiError::BadRequest)?;
    let target = given("target")?.map(std::borrow::Cow::into_owned);
    let from = given("from")?.map(std::borrow::Cow::into_owned);
    let before = query.text("before")?.map(|before| place(&before)).transpose()?;
    let limit = query.number("limit")?;
    let limit = limit.map_or(HISTORY_PAGE, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let limit = limit.min(HISTORY_PAGE_MAX);
    let lines = engine.search(&caller, Search { target, terms, from, before, limit }).await?;
    Ok(array(&lines))
}
