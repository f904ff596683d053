//! What holds for any service behind this edge: `service.rs` says what is known of it.

pub mod benchmark;
pub mod commands;
pub mod edge;
pub mod faults;
pub mod hardening;
pub mod healing;
pub mod hostile;
pub mod identity;
pub mod isolation;
pub mod limits;
pub mod pairs;
pub mod pods;
pub mod protocols;
pub mod redirect;
pub mod registry;
pub mod rollouts;
pub mod scaling;
pub mod scanners;
pub mod secrets;
pub mod stopping;
pub mod swarm;
pub mod tls;

use std::fs;

use crate::{
    stack::root,
    tests::{Tests, tests},
};

/// Those that take longest come first: those with a stack of their own.
pub const TESTS: Tests = tests![
    hostile::ten_thousand_idle_clients_fit_into_memory,
    hostile::the_dearest_clients_fit_into_memory_and_hold_nobody_up,
    hostile::a_worker_at_its_bound_refuses_and_is_not_killed,
    hostile::slow_and_resetting_clients_are_cut_off_and_hold_nobody_up,
    hostile::only_what_is_expected_reaches_the_app,
    faults::app::a_frozen_app_costs_a_request_35_seconds,
    faults::app::a_restarted_app_is_back_soon,
    faults::app::no_misbehaviour_is_passed_on,
    faults::app::a_post_is_never_sent_twice,
    faults::authority::certificates_by_acme_are_renewed_without_a_failed_request,
    faults::edge::a_reload_under_load_fails_no_request,
    faults::edge::killed_or_drained_nginx_is_back_soon,
    faults::certificate::a_renewed_certificate_is_served_and_no_connection_dropped,
    faults::certificate::a_bad_renewal_leaves_the_old_certificate,
    faults::network::without_the_apps_name_a_safe_page_and_then_the_app_again,
    faults::resources::with_a_full_tmp_only_large_bodies_are_refused,
    faults::resources::with_a_read_only_tmp_nginx_does_not_start_and_says_why,
    faults::resources::out_of_memory_nginx_is_back_soon,
    faults::rolling::replicas_are_replaced_without_a_failed_request,
    rollouts::a_good_image_replaces_what_runs_and_bad_ones_are_taken_back,
    rollouts::an_image_that_fails_its_clients_is_taken_back,
    rollouts::what_was_rolled_out_runs_on_after_up,
    rollouts::what_cannot_be_rolled_out_changes_nothing,
    scaling::requests_spread_over_all_replicas,
    stopping::both_stop_with_code_0_in_their_grace_period,
    stopping::a_request_in_flight_is_answered,
    healing::a_killed_app_comes_back_without_nginx_restarting,
    healing::without_the_app_a_safe_page_and_then_the_app_again,
    identity::what_a_client_says_of_itself_never_reaches_the_app,
    limits::a_public_address_has_a_rate,
    limits::uploads_of_one_client_leave_room_for_others,
    edge::lines_are_whole_and_outlive_an_orderly_stop,
    edge::no_line_of_a_log_is_long_or_more_than_printable_ascii,
    edge::requests_push_no_error_out,
    edge::metrics_say_what_it_does_to_its_networks_alone,
    commands::up_starts_what_a_plain_compose_up_starts,
    commands::up_is_the_same_whatever_files_the_environment_names,
    commands::up_takes_ports_and_a_name_from_where_compose_does,
    commands::up_publishes_on_one_address,
    commands::status_shows_what_runs_and_ends_with_a_code_for_it,
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
    secrets::no_key_in_any_layer,
    edge::security_headers_on_every_answer,
    edge::hsts_is_not_for_this_machines_names,
    edge::the_access_log_is_json_without_queries,
    benchmark::each_item_is_held_or_says_why_not,
    hardening::settings_are_as_promised,
    hardening::processes_have_no_privileges,
    hardening::the_root_cannot_be_written,
    hardening::a_call_that_is_not_in_the_profile_ends_the_process,
    isolation::the_host_cannot_reach_the_app,
    isolation::the_app_has_no_way_out,
    isolation::the_app_calls_out_only_where_it_asked_to,
    limits::clients_behind_one_private_address_are_not_slowed_down,
    protocols::http_1_2_and_3_are_served,
    protocols::alt_svc_names_the_port_in_use,
    redirect::leads_to_the_same_host_and_path,
    redirect::leaves_acme_challenges_alone,
    the_table_of_faults_names_its_tests,
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
pub const QUIET_TESTS: Tests = tests![
    scanners::testssl_finds_what_is_expected_with_a_p_256_key,
    scanners::testssl_finds_what_is_expected_with_an_rsa_key,
];

/// Those of `./drydock test --all`.
pub const LONG_TESTS: Tests = tests![
    rollouts::stopped_half_way_it_goes_on_or_is_taken_back,
    rollouts::ten_in_a_row_lose_no_request,
    pods::the_pods_of_kubernetes_answer_with_the_least_rights,
    swarm::a_cluster_of_three_scales_rolls_drains_and_loses_a_node
];

/// A name has `::` inside; what else is in backticks has not.
fn the_table_of_faults_names_its_tests() {
    let page = fs::read_to_string(root().join("docs/FAULTS.md")).expect("the page is read");
    let named: Vec<_> = page.split('`').filter(|text| text.contains("::")).collect();
    for name in &named {
        let exists = [TESTS, LONG_TESTS]
            .concat()
            .iter()
            .any(|(test, _)| test == name);
        assert!(exists, "docs/FAULTS.md names {name}, which is no test");
    }
    let faults = TESTS
        .iter()
        .filter(|(test, _)| test.starts_with("faults::"));
    for (test, _) in faults {
        assert!(named.contains(test), "docs/FAULTS.md lacks {test}");
    }
}
