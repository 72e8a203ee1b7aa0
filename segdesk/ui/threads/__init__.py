"""The only files that name QThread: what may take long, off the window's thread.

`task_runner.py` runs one function at a time and brings its value back; `training_worker.py` waits
for the trainer process. Neither touches a widget or the Workbench.
"""
