"""When a job is looked at: one law for all that wait, on workers and in the triggerer.

``pace`` says when one job's next look is wanted, ``throttle`` when a request may go out, ``schedule`` whose turn it is
where many wait, ``groups`` whose jobs may share a request. They decide and do nothing; time comes in from outside.
"""
