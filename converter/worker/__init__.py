"""The worker border: one process in which a model is loaded, run and exported, and the host's end of it.

    host                                         worker process
    WorkerProcess.ask(verb, …) ── JSON line ──▶  child: verbs of Service ──▶ framework, model
                               ◀─ JSON line ──   arrays and graphs cross as files

`Janitor` outlives the host: it ends the worker and removes temporary folders if the host is killed.
"""
