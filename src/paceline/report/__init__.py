"""Tables from cells and saved runs. Nothing here is imported before somebody wants to see one."""
