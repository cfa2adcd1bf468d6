"""Which tests stand for which row of the fault matrix (runtime.md, section 7). A row without a test fails here.

Rows 19 to 25 belong to people, rooms and disks; their tests are beside what they test.
"""

import ast
from functools import lru_cache
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
ROWS = {
    1: ["faults/test_kill.py::test_everything_killed_with_four_steps_running_and_the_rest_queued"],
    2: ["faults/test_kill.py::test_the_process_that_holds_a_step_killed_in_the_middle_of_it"],
    3: ["faults/test_kill.py::test_killed_between_action_and_result"],
    4: ["faults/test_kill.py::test_killed_after_commit_and_before_the_ring"],
    5: [
        "faults/test_halfway.py::test_without_its_entry_no_change_is_stored",
        "faults/test_halfway.py::test_a_result_without_its_entry_is_not_stored_and_comes_again",
        "faults/test_halfway.py::test_without_its_change_no_entry_is_stored",
    ],
    6: [
        "faults/test_servers.py::test_broker_and_layer_flushed_again_and_again",
        "faults/test_servers.py::test_a_doorbell_that_is_dead_or_never_answers",
    ],
    7: [
        "faults/test_servers.py::test_a_doorbell_that_is_dead_or_never_answers",
        "plumbing/test_doorbell.py::test_an_answer_that_never_comes_back_counts_as_silence",
    ],
    8: ["faults/test_servers.py::test_a_broker_that_is_full"],
    9: ["faults/test_servers.py::test_the_database_restarts_and_is_three_seconds_away"],
    10: [
        "faults/test_servers.py::test_the_database_ends_connections_in_the_middle",
        "faults/test_servers.py::test_a_deadlock_costs_nothing_but_time",
    ],
    11: [
        "faults/test_rings.py::test_every_ring_ten_times_shuffled_and_again_when_all_is_over",
        "runbooks/test_lease.py::test_ten_rings_at_once_are_one_effect",
    ],
    12: ["faults/test_rings.py::test_two_sweeps_and_each_timer_fires_once"],
    13: ["faults/test_rings.py::test_the_clock_of_the_only_worker_jumps"],
    14: ["faults/test_steps.py::test_a_poison_step_is_quarantined_after_five_and_the_others_go_on"],
    15: [
        "faults/test_steps.py::test_a_child_that_hangs_or_eats_all_memory_dies_alone",
        "plumbing/test_processes.py::test_a_child_that_takes_too_long_is_told_to_end",
        "plumbing/test_processes.py::test_a_limit_is_felt_by_the_child_alone",
    ],
    16: ["faults/test_steps.py::test_an_answer_that_never_ends_is_cut_and_fails_its_step_alone"],
    17: ["faults/test_rings.py::test_a_late_result_of_a_lost_lease_is_kept_and_changes_nothing"],
    18: [
        "approvals/test_race.py::test_of_two_opposite_decisions_one_counts",
        "approvals/test_race.py::test_of_approve_and_void_at_once_nothing_is_left_half_done",
    ],
    26: [
        "faults/test_deploy.py::test_sixteen_writers_in_four_processes_and_a_running_portal",
        "plumbing/test_database.py::test_sixteen_writers_on_one_sqlite_file_never_meet",
    ],
    27: ["faults/test_deploy.py::test_a_release_with_a_migration_takes_over_in_mid_run"],
    28: ["faults/test_kill.py::test_stopped_under_load_it_is_gone_in_five_seconds_and_loses_nothing"],
}


@lru_cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((HOUSE / "tests" / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", [*range(1, 19), 26, 27, 28])
def test_each_row_has_its_tests(row: int) -> None:
    for test in ROWS[row]:
        file, _, name = test.partition("::")
        assert name in names_in(file), f"row {row}: {test} is gone"
