"""`converter doctor`: Python, packages, devices that really start, and what to do about what does not."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from dataclasses import dataclass

import click

PACKAGES = ("onnx", "onnxruntime-gpu", "onnxruntime", "onnx-ir", "numpy", "ml_dtypes", "pluggy", "click", "rich", "pillow", "pyarrow")


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis; `hint` says what to do where something is wrong."""

    what: str
    value: str
    hint: str = ""


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, as_json: bool) -> None:
    """Check Python, packages, plugins, and which devices really start."""
    from converter.cli import screens

    findings = [*_python(), *_packages(), *_plugins(), *_devices()]
    if as_json:
        click.echo(json.dumps([finding.__dict__ for finding in findings], indent=1))
        return
    click.echo(screens.table([[finding.what, finding.value] for finding in findings], indent=""))
    for finding in findings:
        if finding.hint:
            click.echo(f"{click.style('hint:', fg='cyan')} {finding.hint}")


def _python() -> list[Finding]:
    place = f"{platform.python_version()}, {platform.system()} {platform.machine()}, {sys.prefix}"
    return [Finding("Python", place)]


def _packages() -> list[Finding]:
    versions = {name: version for name in PACKAGES if (version := _version(name))}
    findings = [Finding(name, version) for name, version in versions.items()]
    builds = [name for name in ("onnxruntime", "onnxruntime-gpu") if name in versions]
    if len(builds) > 1:
        hint = "onnxruntime and onnxruntime-gpu overwrite each other's files: pip uninstall -y onnxruntime onnxruntime-gpu, then install one"
        findings.append(Finding("conflict", "onnxruntime and onnxruntime-gpu are both installed", hint))
    if not builds:
        findings.append(Finding("onnxruntime", "not installed", "pip install onnxruntime-gpu, or onnxruntime where there is no GPU"))
    return findings


def _plugins() -> list[Finding]:
    from converter import plugins

    findings = []
    for plugin in plugins.installed():
        if plugin.error:
            findings.append(Finding(f"plugin {plugin.name}", f"failed to load: {plugin.error}", f"converter plugins show {plugin.name} --debug"))
        elif plugin.missing:
            missing = ", ".join(plugin.missing)
            findings.append(Finding(f"plugin {plugin.name}", f"{missing} is not installed", f"pip install {' '.join(plugin.missing)}"))
        else:
            known = [f"{name} {version}" for framework in plugin.frameworks for name in framework.packages if (version := _version(name))]
            findings.append(Finding(f"plugin {plugin.name}", f"{plugin.version}, {', '.join(known) or 'ready'}"))
    return findings or [Finding("plugins", "none", "pip install 'onnx-converter[torch]' brings the first")]


def _devices() -> list[Finding]:
    from converter.runtime.opening.devices import survey_providers

    findings = []
    for state in survey_providers():
        name = state.name.removesuffix("ExecutionProvider")
        hint = _CUDA_HINT if name == "CUDA" and not state.starts else ""
        findings.append(Finding(f"device {name}", "starts" if state.starts else f"does not start: {state.reason}", hint))
    return findings


_CUDA_HINT = "CUDA wants an NVIDIA driver, and the CUDA and cuDNN libraries of onnxruntime-gpu's version; a CUDA build of torch brings them"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
