"""An executable that is one Python program, with the interpreter that runs it."""
