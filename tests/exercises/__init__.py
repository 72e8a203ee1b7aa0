"""What somebody would add to the program, one file each. No part of the program itself.

`tests/contracts/test_room_to_grow.py` adds them to a copy of it.
"""
