import json
from importlib.metadata import version
from pathlib import Path

from mellum_ls.runtime.bench.machine import cpu_name, describe_machine
from mellum_ls.runtime.threads import available_cores


def test_the_machine_is_described_in_json_types(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast One @ 2.50GHz\nprocessor\t: 1\nmodel name\t: Other\n")
    found = describe_machine(None, cpuinfo)
    assert found["cpu"] == "Fast One @ 2.50GHz"
    assert found["cores"] == available_cores()
    assert found["accelerator"] is None
    assert found["torch"] == version("torch")
    assert describe_machine("Some GPU", cpuinfo)["accelerator"] == "Some GPU"
    assert json.loads(json.dumps(found)) == found


def test_without_a_name_from_the_system_python_gives_one(tmp_path: Path) -> None:
    empty = tmp_path / "cpuinfo"
    empty.write_text("processor\t: 0\n")
    assert cpu_name(empty)
    assert cpu_name(tmp_path / "nowhere") == cpu_name(empty)
