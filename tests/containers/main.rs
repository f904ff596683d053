//! The running stack, seen by real clients: `docker`, `docker-compose`, `curl`, `openssl`.
//!
//! Needs a Docker engine on this machine with both images loaded. Tests that only look share
//! one stack; a test that disturbs has one of its own. Each is removed with its volumes, also
//! when a test fails. Nothing else on the machine is touched.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

mod answer;
mod client;
mod edge;
mod hardening;
mod healing;
mod identity;
mod isolation;
mod limits;
mod pairs;
mod program;
mod protocols;
mod redirect;
mod scaling;
mod secrets;
mod stack;
mod standalone;
mod stopping;
mod tls;

use std::{panic, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use stack::Stack;

/// Tests mostly wait for containers: more at once than there are cores, but not so many that
/// the engine becomes the bottleneck.
const THREADS: usize = 4;

/// Those with a stack of their own come first, because they take longest.
const TESTS: &[(&str, fn())] = &[
    (
        "scaling::requests_spread_over_all_replicas",
        scaling::requests_spread_over_all_replicas,
    ),
    (
        "stopping::both_stop_with_code_0_in_their_grace_period",
        stopping::both_stop_with_code_0_in_their_grace_period,
    ),
    (
        "stopping::a_request_in_flight_is_answered",
        stopping::a_request_in_flight_is_answered,
    ),
    (
        "healing::a_killed_app_comes_back_without_nginx_restarting",
        healing::a_killed_app_comes_back_without_nginx_restarting,
    ),
    (
        "healing::without_the_app_a_safe_page_and_then_the_app_again",
        healing::without_the_app_a_safe_page_and_then_the_app_again,
    ),
    (
        "identity::what_a_client_says_of_itself_never_reaches_the_app",
        identity::what_a_client_says_of_itself_never_reaches_the_app,
    ),
    (
        "limits::a_public_address_has_a_rate",
        limits::a_public_address_has_a_rate,
    ),
    (
        "pairs::a_bad_pair_stops_the_stack_with_a_sentence",
        pairs::a_bad_pair_stops_the_stack_with_a_sentence,
    ),
    (
        "pairs::a_pair_of_ones_own_is_served",
        pairs::a_pair_of_ones_own_is_served,
    ),
    (
        "redirect::names_no_port_when_https_is_on_443",
        redirect::names_no_port_when_https_is_on_443,
    ),
    (
        "standalone::the_app_serves_alone",
        standalone::the_app_serves_alone,
    ),
    ("secrets::no_key_in_any_layer", secrets::no_key_in_any_layer),
    (
        "answer::four_lines_with_the_clients_address",
        answer::four_lines_with_the_clients_address,
    ),
    (
        "answer::spoofed_headers_are_not_shown",
        answer::spoofed_headers_are_not_shown,
    ),
    (
        "edge::security_headers_on_every_answer",
        edge::security_headers_on_every_answer,
    ),
    (
        "edge::hsts_is_not_for_this_machines_names",
        edge::hsts_is_not_for_this_machines_names,
    ),
    (
        "edge::the_access_log_is_json_without_queries",
        edge::the_access_log_is_json_without_queries,
    ),
    (
        "hardening::settings_are_as_promised",
        hardening::settings_are_as_promised,
    ),
    (
        "hardening::processes_have_no_privileges",
        hardening::processes_have_no_privileges,
    ),
    (
        "hardening::the_root_cannot_be_written",
        hardening::the_root_cannot_be_written,
    ),
    (
        "isolation::the_host_cannot_reach_the_app",
        isolation::the_host_cannot_reach_the_app,
    ),
    (
        "isolation::the_app_has_no_way_out",
        isolation::the_app_has_no_way_out,
    ),
    (
        "limits::clients_behind_one_private_address_are_not_slowed_down",
        limits::clients_behind_one_private_address_are_not_slowed_down,
    ),
    (
        "protocols::http_1_2_and_3_are_served",
        protocols::http_1_2_and_3_are_served,
    ),
    (
        "protocols::alt_svc_names_the_port_in_use",
        protocols::alt_svc_names_the_port_in_use,
    ),
    (
        "redirect::leads_to_the_same_host_and_path",
        redirect::leads_to_the_same_host_and_path,
    ),
    (
        "redirect::leaves_acme_challenges_alone",
        redirect::leaves_acme_challenges_alone,
    ),
    ("tls::only_1_2_and_1_3", tls::only_1_2_and_1_3),
    (
        "tls::only_the_ciphers_of_the_profile",
        tls::only_the_ciphers_of_the_profile,
    ),
    ("tls::groups_of_the_profile", tls::groups_of_the_profile),
    ("tls::no_session_tickets", tls::no_session_tickets),
    (
        "tls::the_development_ca_signs_for_this_machines_names",
        tls::the_development_ca_signs_for_this_machines_names,
    ),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    if !arguments.list {
        if let Some(obstacle) = stack::obstacle() {
            eprintln!("the container tests cannot run: {obstacle}");
            return ExitCode::FAILURE;
        }
        stack::remove_leftovers();
    }
    // libtest-mimic reports what a panic says, but not where it was.
    panic::set_hook(Box::new(|info| {
        if let Some(location) = info.location() {
            eprintln!("\npanicked at {location}");
        }
    }));
    let trials = TESTS
        .iter()
        .map(|&(name, test)| {
            Trial::test(name, move || {
                test();
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    Stack::remove_shared();
    conclusion.exit_code()
}
