"""What people do to a running platform, whichever way they come: halt, resume, pause, and the record of it.

The command line and the API both come in here; where the stores are and who asks they bring with them.
"""
