//! What the reference service promises besides: what it says, its page and its assets, and that
//! the loop swaps it.

pub mod answer;
pub mod assets;
pub mod browser;
pub mod development;
pub mod errors;
pub mod observing;
pub mod standalone;

use crate::tests::{Tests, tests};

/// Those that look at, or start, a stack.
pub const TESTS: Tests = tests![
    assets::a_mounted_folder_is_served_as_it_is_now,
    standalone::the_app_serves_alone,
    standalone::what_the_app_may_open_is_restricted_where_the_kernel_can,
    answer::four_lines_with_the_clients_address,
    answer::each_media_type_has_its_form,
    assets::are_served_for_ever_in_the_form_that_the_client_takes,
    assets::can_be_fetched_in_parts_and_asked_for_again,
    assets::what_is_no_asset_is_the_apps_to_answer,
    errors::errors_of_both_look_the_same,
    errors::no_error_has_a_page_of_nginxs_own,
    answer::spoofed_headers_are_not_shown,
    observing::both_logs_call_the_same_thing_the_same,
    observing::metrics_are_for_the_services_own_network,
];

/// A browser drops what it is loading when a network of this machine comes or goes, as each
/// stack's do: these come after all others.
pub const QUIET_TESTS: Tests = tests![
    browser::it_fits_every_screen_in_light_and_dark_and_bars_nobody,
    browser::the_page_of_what_an_image_is_made_of_shows_it_and_bars_nobody,
    browser::the_page_shows_what_the_server_saw,
    browser::the_button_asks_again_and_the_chart_fills,
    browser::without_javascript_the_button_is_a_link,
    browser::a_visit_costs_one_flight_of_packets_over_http_2_and_3,
];

/// Compilers take the whole machine, so that these come last of all.
pub const BUSY_TESTS: Tests = tests![
    development::the_loop_on_the_host,
    development::the_loop_in_containers,
    development::the_container_can_be_idle_beside_the_stack,
];
