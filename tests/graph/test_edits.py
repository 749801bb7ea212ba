"""Edits on small drawn graphs: what each does, what it refuses, and in which words."""

from __future__ import annotations

import math
import threading
import time

import pytest

from graphdaw.errors import (
    CycleError,
    DuplicateIdError,
    DuplicateWireError,
    GraphError,
    GroupingError,
    HistoryError,
    NameFormError,
    NotFiniteError,
    OutOfRangeError,
    TextError,
    UnknownNodeError,
    UnknownParameterError,
    UnknownPortError,
    UnknownTypeError,
    UnknownWireError,
    ValueKindError,
    WireTypeError,
)
from graphdaw.graph import Graph, text
from graphdaw.graph.edits import AddNode, Connect, DeclarePort, Edit, RemoveNode, SetValues, apply
from graphdaw.graph.flatten import Flat
from graphdaw.graph.model import GroupPort


def drawn(drawing: str) -> Graph:
    """A graph from its text form."""
    lines = [line for line in drawing.split("\n") if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return Graph(document=text.parse("\n".join(line[margin:] for line in lines)))


def wires(graph: Graph) -> set[str]:
    """The wires between plain nodes, as "a.out -> b.in"."""
    flat = Flat(graph.document)
    return {f"{w.source}.{w.source_port} -> {w.target}.{w.target_port}" for w in flat.wires.values()}


CHAIN = """
    node osc t_osc
    node lp t_filter cutoff_hz=900.0
    node amp t_amp
    node end t_output
    wire w1 osc.out -> lp.in
    wire w2 lp.out -> amp.in @depth=0.5
    wire w3 amp.out -> end.in
"""


def test_the_fixed_interface_builds_a_patch() -> None:
    g = Graph(sample_rate=48_000)
    osc = g.add("t_osc", frequency_hz=110.0)
    lp = g.add("t_filter", mode="lowpass", cutoff_hz=900.0, q=2.0)
    out = g.add("t_output")
    assert osc >> lp >> out is out
    lfo = g.add("t_osc", frequency_hz=2)
    g.connect(lfo["out"], lp["cutoff_hz"], depth=300.0)
    g.set(lp, cutoff_hz=1200.0)
    assert (osc.id, lp.id, lfo.id) == ("t_osc1", "t_filter1", "t_osc2")
    assert lp.params == {"cutoff_hz": 1200.0, "q": 2.0, "order": 2.0, "mode": "lowpass"}
    assert [w.depth for w in g.document.wires_into(lp.id)] == [1.0, 300.0]
    g.remove(lp)
    assert len(g.wires) == 0
    g.undo()
    assert lp.params["cutoff_hz"] == 1200.0 and len(g.wires) == 3
    g.undo()
    assert lp.params["cutoff_hz"] == 900.0
    g.redo()
    assert lp.params["cutoff_hz"] == 1200.0


def test_wires_keep_their_order_of_summing_through_undo() -> None:
    g = Graph()
    mix = g.add("t_amp")
    made = [g.connect(g.add("t_osc"), mix).id for _ in range(5)]
    g.disconnect(made[1])
    g.undo()
    assert [w.id for w in g.document.wires_into(mix.id)] == made


def test_ids_are_never_given_out_twice() -> None:
    g = Graph()
    first = g.add("t_osc").id
    g.undo()
    second = g.add("t_osc")
    g.remove(second)
    third = g.add("t_osc").id
    assert len({first, second.id, third}) == 3
    g.apply([AddNode("t_osc9", "t_osc"), RemoveNode("t_osc9")])
    assert g.add("t_osc").id == "t_osc10"


def test_a_transaction_is_one_step_and_an_exception_takes_it_back() -> None:
    g = Graph()
    seen: list[int] = []
    g.observe(lambda edits: seen.append(len(edits)))
    with g.transaction("voice") as t:
        t.add("t_osc") >> t.add("t_amp")
    assert seen == [3] and len(g.history.past) == 1 and g.history.past[0].label == "voice"
    before = g.document.copy()

    def broken() -> None:
        with g.transaction("broken"):
            g.add("t_osc")
            g.remove("t_amp1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert g.document == before and seen == [3]
    g.undo()
    assert len(g.nodes) == 0
    with pytest.raises(HistoryError, match="nothing to undo"):
        g.undo()


def test_a_live_transaction_is_heard_edit_by_edit_and_undone_at_once() -> None:
    g = Graph()
    amp = g.add("t_amp")
    seen: list[int] = []
    g.observe(lambda edits: seen.append(len(edits)))
    with g.transaction("turn", live=True):
        for level in (-3.0, -6.0, -9.0):
            g.set(amp, gain_db=level)
    assert seen == [1, 1, 1] and amp.params["gain_db"] == -9.0
    g.undo()
    assert amp.params["gain_db"] == 0.0


def test_edits_are_made_all_or_none() -> None:
    g = drawn(CHAIN)
    before = g.document.copy()
    with pytest.raises(UnknownNodeError):
        g.apply([SetValues("lp", {"q": 3.0}), RemoveNode("osc"), RemoveNode("nobody")])
    assert g.document == before and not g.history.past


def test_removing_heals_when_asked() -> None:
    g = drawn(CHAIN)
    g.remove("lp", heal=True)
    assert wires(g) == {"osc.out -> amp.in", "amp.out -> end.in"}
    assert g.wires["w2"].depth == 0.5
    g = drawn(CHAIN)
    g.remove("lp")
    assert wires(g) == {"amp.out -> end.in"}


def test_healing_over_a_delay_leaves_no_loop() -> None:
    g = drawn("""
        node a t_amp
        node d t_delay
        wire w1 a.out -> d.in
        wire w2 d.out -> a.in
    """)
    g.remove("d", heal=True)
    assert wires(g) == set()


def test_inserting_keeps_the_wire_into_the_target() -> None:
    g = drawn(CHAIN)
    echo = g.add("t_delay")
    g.insert(echo, "w2")
    assert wires(g) == {
        "osc.out -> lp.in",
        "lp.out -> t_delay1.in",
        "t_delay1.out -> amp.in",
        "amp.out -> end.in",
    }
    assert (g.wires["w2"].source, g.wires["w2"].depth) == (echo.id, 0.5)


def test_replacing_keeps_wires_and_shared_values() -> None:
    g = drawn("""
        node osc t_osc
        node a t_file gain_db=-6.0
        node b t_amp
        wire w1 a.out -> b.in
        wire w2 osc.out -> a.gain_db
    """)
    new = g.replace("a", "t_amp")
    assert new.params == {"gain_db": -6.0}
    assert wires(g) == {f"{new.id}.out -> b.in", f"osc.out -> {new.id}.gain_db"}
    g.undo()
    assert g["a"].type == "t_file" and set(g.wires) == {"w1", "w2"}


def test_grouping_declares_ports_for_crossing_wires_only() -> None:
    g = drawn(CHAIN)
    before = wires(g)
    group = g.group(["lp", "amp"], "Voice")
    assert [(p.name, p.direction, p.inner) for p in group.value.ports] == [
        ("in", "in", (("lp", "in"),)),
        ("out", "out", (("amp", "out"),)),
    ]
    assert g.nodes["lp"].parent == group.id and wires(g) == before
    outer = g.group([group, "osc"], "Patch")
    assert g.nodes[group.id].parent == outer.id and wires(g) == before
    g.ungroup(group)
    g.ungroup(outer)
    assert wires(g) == before and {n.parent for n in g.nodes.values()} == {""}


def test_an_inlet_of_a_group_feeds_several_members() -> None:
    g = drawn("""
        node osc t_osc
        node pair group
          node a t_amp
          node b t_filter
    """)
    g.declare("pair", "source", "in", "a.in", "b.in", "b.cutoff_hz")
    g.connect("osc", "pair", depth=0.25)
    assert wires(g) == {"osc.out -> a.in", "osc.out -> b.in", "osc.out -> b.cutoff_hz"}
    assert {w.depth for w in Flat(g.document).wires.values()} == {0.25}
    g.undeclare("pair", "source")
    assert wires(g) == set() and not g.wires
    g.undo()
    assert len(wires(g)) == 3


def test_removing_a_group_removes_everything_inside_and_undo_brings_it_back() -> None:
    g = drawn(CHAIN)
    inner = g.group(["lp"])
    outer = g.group([inner, "amp"])
    before = g.document.copy()
    g.remove(outer)
    assert set(g.nodes) == {"osc", "end"} and not g.wires
    g.undo()
    assert g.document == before


def refusal(graph: Graph, error: type[GraphError], *edits: object) -> GraphError:
    """The error an edit is refused with; nothing may have changed."""
    before = graph.document.copy()
    with pytest.raises(error) as caught:
        apply(graph.document, edits)  # type: ignore[arg-type]
    assert type(caught.value) is error and graph.document == before
    assert str(caught.value).count("\n") == 0
    return caught.value


def test_errors_name_the_place_and_the_way_out() -> None:
    g = drawn(CHAIN)
    e: GraphError = refusal(g, UnknownTypeError, AddNode("x", "t_filtr"))
    assert str(e).startswith("There is no node type 't_filtr'; did you mean 't_filter'")
    e = refusal(g, UnknownParameterError, SetValues("lp", {"cutof_hz": 1.0}))
    assert str(e) == "Node 'lp' (t_filter) has no parameter 'cutof_hz'; did you mean 'cutoff_hz'?"
    assert (e.node, e.port, e.allowed) == ("lp", "cutof_hz", ("cutoff_hz",))
    e = refusal(g, OutOfRangeError, SetValues("lp", {"cutoff_hz": 5.0}))
    assert str(e) == "Parameter 'cutoff_hz' of node 'lp' (t_filter) cannot be 5 Hz; its range is 20 to 20000 Hz."
    e = refusal(g, NotFiniteError, SetValues("lp", {"cutoff_hz": math.nan}))
    assert "'cutoff_hz' of node 'lp' (t_filter) cannot be nan" in str(e)
    e = refusal(g, ValueKindError, SetValues("lp", {"q": "high"}))
    assert "'q' of node 'lp' (t_filter) needs a number, not 'high'" in str(e)
    e = refusal(g, ValueKindError, SetValues("lp", {"mode": "lowpas"}))
    assert str(e).endswith("cannot be 'lowpas'; did you mean 'lowpass'?")
    e = refusal(g, UnknownPortError, Connect("w9", "osc", "out", "lp", "cutof_hz"))
    assert str(e) == "Node 'lp' (t_filter) has no inlet 'cutof_hz'; did you mean 'cutoff_hz'?"
    e = refusal(g, UnknownPortError, Connect("w9", "osc", "out", "lp", "order"))
    assert (
        str(e) == "Parameter 'order' of node 'lp' (t_filter) is fixed and cannot be modulated; set its value instead."
    )
    e = refusal(g, UnknownPortError, Connect("w9", "end", "out", "lp", "in"))
    assert str(e) == "Node 'end' (t_output) has no outlet 'out'; it has no outlets."
    e = refusal(g, DuplicateWireError, Connect("w9", "osc", "out", "lp", "in"))
    assert str(e) == "Wire 'w1' already runs from 'osc.out' to 'lp.in'; set its depth instead." and e.wire == "w1"
    e = refusal(g, UnknownNodeError, SetValues("ampp", {}))
    assert "There is no node 'ampp': did you mean 'amp'" in str(e)
    with pytest.raises(UnknownWireError, match="There is no wire 'w33'"):
        g.set_depth("w33", 1.0)
    refusal(g, DuplicateIdError, AddNode("lp", "t_amp"))
    refusal(g, NameFormError, AddNode("two words", "t_amp"))
    refusal(g, NotFiniteError, Connect("w9", "osc", "out", "lp", "q", math.inf))


def test_events_connect_only_to_events() -> None:
    g = Graph()
    notes, voice, amp = g.add("t_notes"), g.add("t_voice"), g.add("t_amp")
    notes >> voice >> amp
    g.connect(voice["pitch"], amp)
    with pytest.raises(WireTypeError, match="No outlet of node 't_notes1'"):
        notes >> amp
    e = refusal(g, WireTypeError, Connect("w9", notes.id, "notes", amp.id, "in"))
    assert str(e) == (
        "The event outlet 't_notes1.notes' cannot feed the audio inlet 't_amp1.in'; "
        "only audio and control may be mixed."
    )


def test_a_loop_without_a_delay_is_named_wire_by_wire() -> None:
    g = drawn(CHAIN)
    e = refusal(g, CycleError, Connect("w9", "amp", "out", "lp", "cutoff_hz"))
    assert str(e) == (
        "Wire 'w9' (amp.out -> lp.cutoff_hz) would close a loop back through 'w2' (lp.out -> amp.in); "
        "put a delay or feedback node into it."
    )
    assert isinstance(e, CycleError) and e.wires == ("w9", "w2")
    refusal(g, CycleError, Connect("w9", "amp", "out", "amp", "in"))
    echo = g.add("t_delay")
    g.connect("amp", echo)
    g.connect(echo, "lp")
    assert "t_delay1.out -> lp.in" in wires(g)


def test_a_delay_s_own_time_breaks_no_loop() -> None:
    g = drawn(CHAIN)
    echo = g.add("t_delay")
    g.connect("amp", echo)
    refusal(g, CycleError, Connect("w9", echo.id, "out", echo.id, "time_s"))
    g.connect(echo, "lp")
    e = refusal(g, CycleError, Connect("w9", "lp", "out", echo.id, "time_s"))
    assert isinstance(e, CycleError) and e.wire == "w9"
    box = g.group(["lp", "amp"])
    refusal(g, CycleError, Connect("w9", box.id, "out", echo.id, "time_s"))


def test_loops_are_found_through_groups_and_declared_ports() -> None:
    g = drawn(CHAIN)
    g.group(["lp"])
    deep = g.group(["amp"])
    e = refusal(g, CycleError, Connect("w9", deep.id, "out", "group1", "in"))
    assert isinstance(e, CycleError) and e.wires == ("w9", "w2")
    g = drawn("""
        node box group
          port out out audio -> a.out
          port in in audio ->
          node a t_amp
          node b t_delay
        wire w1 box.out -> box.in
    """)
    refusal(g, CycleError, DeclarePort("box", GroupPort("in", "in", "audio", (("a", "in"),))))
    apply(g.document, DeclarePort("box", GroupPort("in", "in", "audio", (("b", "in"),))))


def test_walls_of_groups_are_respected() -> None:
    g = drawn(CHAIN)
    group = g.group(["lp"])
    e = refusal(g, GroupingError, Connect("w9", "osc", "out", "lp", "q"))
    assert str(e) == (
        "Nodes 'osc' (t_osc) and 'lp' (t_filter) are in different groups; declare a port on the group and wire to that."
    )
    refusal(g, GroupingError, DeclarePort(group.id, GroupPort("x", "in", "audio", (("amp", "in"),))))
    refusal(g, GroupingError, DeclarePort("amp", GroupPort("x", "in", "audio")))
    refusal(g, WireTypeError, DeclarePort(group.id, GroupPort("x", "in", "event", (("lp", "in"),))))


def test_groups_nest_only_as_deep_as_files_allow() -> None:
    g = Graph()
    parent = g.add("group")
    for _ in range(63):
        parent = g.add_inside(parent, "group")
    with pytest.raises(GroupingError, match="nested 64 deep"):
        g.add_inside(parent, "group")
    with pytest.raises(GroupingError, match="nested 64 deep"):
        g.group(["group1"])


def test_equal_ports_fit_by_type_when_only_nodes_are_named() -> None:
    g = Graph()
    voice, notes = g.add("t_voice"), g.add("t_notes")
    assert g.connect(notes, voice).target_port == "notes"
    assert g.connect(voice, g.add("t_amp")).source_port == "out"
    assert g.connect(voice, "t_amp1.gain_db").source_port == "pitch"
    assert g.connect("t_voice1.pitch", "t_amp1").target_port == "in"
    g.disconnect(voice["out"], "t_amp1")
    assert len(g.wires) == 3
    with pytest.raises(UnknownWireError, match=r"No wire runs from 't_voice1\.out' to 't_amp1'"):
        g.disconnect(voice["out"], "t_amp1")


def test_bytes_no_file_could_hold_are_refused() -> None:
    g = drawn(CHAIN)
    refusal(g, ValueKindError, AddNode("x", "t_amp", extra={"zone": b"\xc1"}))
    refusal(g, ValueKindError, Connect("w9", "osc", "out", "lp", "q", extra={"zone": b""}))
    refusal(g, NameFormError, AddNode("x", "t_amp", extra={"type": b"\xa1y"}))
    with pytest.raises(TextError, match="field of its own"):
        text.parse("node a t_amp +id=raw(oWI=)")


def test_observers_hear_of_edits_from_many_threads_in_the_order_in_which_they_were_made() -> None:
    graph, told = Graph(), list[list[Edit]]()
    node = graph.add("gain")
    graph.observe(lambda _: time.sleep(0))  # somebody else may go first here
    graph.observe(told.append)

    def turn_the_knob(number: int) -> None:
        for k in range(50):
            graph.set(node, gain_db=-float(number * 20 + k % 19))

    threads = [threading.Thread(target=turn_the_knob, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 200
    assert told == [step.edits for step in graph.history.past[1:]]
