//! The running stack, seen by real clients: `docker`, `docker-compose`, `curl`, `openssl`,
//! `gnutls-cli`, `testssl.sh`, `sslyze`.
//!
//! Needs a Docker engine on this machine with both images loaded. Tests that only look share
//! one stack; a test that disturbs has one of its own. Each is removed with its volumes, also
//! when a test fails. Nothing else on the machine is touched.

#![expect(clippy::expect_used, reason = "what is not as expected fails the test")]

mod answer;
mod assets;
mod benchmark;
mod browser;
mod client;
mod commands;
mod development;
mod edge;
mod faults;
mod hardening;
mod healing;
mod hostile;
mod identity;
mod isolation;
mod limits;
mod pairs;
mod program;
mod protocols;
mod redirect;
mod scaling;
mod scanners;
mod secrets;
mod stack;
mod standalone;
mod stopping;
mod tls;
mod webdriver;

use std::{env, panic, process::ExitCode};

use libtest_mimic::{Arguments, Conclusion, Trial};

use faults::understudy;
use stack::Stack;

/// Tests mostly wait for containers: more at once than there are cores, but not so many that
/// the engine becomes the bottleneck.
const THREADS: usize = 4;

/// Each test under its own path.
macro_rules! tests {
    ($($test:path),* $(,)?) => { &[$((stringify!($test), $test as fn())),*] };
}

/// Those that take longest come first: those with a stack of their own.
const TESTS: &[(&str, fn())] = tests![
    hostile::ten_thousand_idle_clients_fit_into_memory,
    hostile::the_dearest_clients_fit_into_memory_and_hold_nobody_up,
    hostile::a_worker_at_its_bound_refuses_and_is_not_killed,
    hostile::slow_and_resetting_clients_are_cut_off_and_hold_nobody_up,
    hostile::only_what_is_expected_reaches_the_app,
    faults::app::a_frozen_app_costs_a_request_35_seconds,
    faults::app::a_restarted_app_is_back_soon,
    faults::app::no_misbehaviour_is_passed_on,
    faults::app::a_post_is_never_sent_twice,
    faults::edge::a_reload_under_load_fails_no_request,
    faults::edge::killed_or_drained_nginx_is_back_soon,
    faults::certificate::a_renewed_certificate_is_served_and_no_connection_dropped,
    faults::certificate::a_bad_renewal_leaves_the_old_certificate,
    faults::network::without_the_apps_name_a_safe_page_and_then_the_app_again,
    faults::resources::with_a_full_tmp_only_large_bodies_are_refused,
    faults::resources::with_a_read_only_tmp_nginx_does_not_start_and_says_why,
    faults::resources::out_of_memory_nginx_is_back_soon,
    faults::rolling::replicas_are_replaced_without_a_failed_request,
    assets::a_mounted_folder_is_served_as_it_is_now,
    scaling::requests_spread_over_all_replicas,
    stopping::both_stop_with_code_0_in_their_grace_period,
    stopping::a_request_in_flight_is_answered,
    healing::a_killed_app_comes_back_without_nginx_restarting,
    healing::without_the_app_a_safe_page_and_then_the_app_again,
    identity::what_a_client_says_of_itself_never_reaches_the_app,
    limits::a_public_address_has_a_rate,
    limits::uploads_of_one_client_leave_room_for_others,
    edge::no_line_of_a_log_is_long_or_more_than_printable_ascii,
    edge::requests_push_no_error_out,
    commands::up_starts_what_a_plain_compose_up_starts,
    commands::up_is_the_same_whatever_files_the_environment_names,
    commands::up_takes_ports_and_a_name_from_where_compose_does,
    commands::two_checkouts_of_one_name_keep_their_stacks,
    commands::a_pair_put_beside_a_running_stack_is_served_by_up,
    commands::a_port_is_a_number_or_there_is_a_sentence,
    commands::compose_alone_starts_nothing_on_an_address_or_a_range,
    commands::a_folder_that_gives_no_name_has_a_sentence,
    commands::an_engine_that_cannot_be_used_is_said_to_be_so,
    pairs::a_bad_pair_stops_the_stack_with_a_sentence,
    pairs::a_chain_without_its_intermediate_is_served_with_a_warning,
    pairs::a_pair_of_ones_own_is_served,
    redirect::names_no_port_when_https_is_on_443,
    standalone::the_app_serves_alone,
    secrets::no_key_in_any_layer,
    answer::four_lines_with_the_clients_address,
    answer::each_media_type_has_its_form,
    assets::are_served_for_ever_in_the_form_that_the_client_takes,
    assets::can_be_fetched_in_parts_and_asked_for_again,
    assets::what_is_no_asset_is_the_apps_to_answer,
    edge::errors_of_both_look_the_same,
    edge::no_error_has_a_page_of_nginxs_own,
    answer::spoofed_headers_are_not_shown,
    edge::security_headers_on_every_answer,
    edge::hsts_is_not_for_this_machines_names,
    edge::the_access_log_is_json_without_queries,
    benchmark::each_item_is_held_or_says_why_not,
    hardening::settings_are_as_promised,
    hardening::processes_have_no_privileges,
    hardening::the_root_cannot_be_written,
    isolation::the_host_cannot_reach_the_app,
    isolation::the_app_has_no_way_out,
    limits::clients_behind_one_private_address_are_not_slowed_down,
    protocols::http_1_2_and_3_are_served,
    protocols::alt_svc_names_the_port_in_use,
    redirect::leads_to_the_same_host_and_path,
    redirect::leaves_acme_challenges_alone,
    faults::the_table_names_these_tests,
    tls::with_a_p_256_key_exactly_the_ciphers_of_the_policy,
    tls::with_an_rsa_key_exactly_the_ciphers_of_the_policy,
    scanners::sslyze_finds_what_is_expected_with_a_p_256_key,
    scanners::sslyze_finds_what_is_expected_with_an_rsa_key,
    tls::versions_before_1_2_are_refused_as_such,
    tls::exactly_the_groups_of_the_policy,
    tls::renegotiation_is_refused,
    tls::a_session_is_resumed_whatever_the_key,
    tls::no_session_state_leaves_the_server,
    tls::alpn_gives_http_2_first_and_refuses_what_is_not_http,
    tls::quic_is_for_http_3_and_the_same_groups,
    tls::the_whole_chain_is_sent,
    tls::the_development_ca_signs_for_this_machines_names,
];

/// Those that need quiet come after all others. A browser drops what it is loading when a network
/// of this machine comes or goes, as each stack's do; testssl.sh takes a slow handshake for a
/// refused one, and ten thousand idle clients make many of those.
const QUIET_TESTS: &[(&str, fn())] = tests![
    scanners::testssl_finds_what_is_expected_with_a_p_256_key,
    scanners::testssl_finds_what_is_expected_with_an_rsa_key,
    browser::it_fits_every_screen_in_light_and_dark_and_bars_nobody,
    browser::the_page_shows_what_the_server_saw,
    browser::the_button_asks_again_and_the_chart_fills,
    browser::without_javascript_the_button_is_a_link,
    browser::a_visit_costs_one_flight_of_packets_over_http_2_and_3,
];

/// Compilers take the whole machine, so that these come last of all.
const BUSY_TESTS: &[(&str, fn())] = tests![
    development::the_loop_on_the_host,
    development::the_loop_in_containers,
    development::the_container_can_be_idle_beside_the_stack,
];

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some(understudy::ARGUMENT) {
        let Err(error) = understudy::serve() else {
            return ExitCode::SUCCESS;
        };
        eprintln!("the understudy cannot serve: {error}");
        return ExitCode::FAILURE;
    }
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
    let [tests, quiet_tests] = [TESTS, QUIET_TESTS].map(|tests| run(&arguments, tests));
    Stack::remove_shared();
    // One after the other, since each is held to what it takes of time.
    arguments.test_threads = Some(1);
    let conclusions = [tests, quiet_tests, run(&arguments, BUSY_TESTS)];
    let failed = conclusions
        .iter()
        .find(|conclusion| conclusion.has_failed());
    failed.unwrap_or(&conclusions[0]).exit_code()
}

fn run(arguments: &Arguments, tests: &[(&str, fn())]) -> Conclusion {
    let trial = |&(name, test): &(&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    libtest_mimic::run(arguments, tests.iter().map(trial).collect())
}
