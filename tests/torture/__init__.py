"""Torture: real daemons, killed over and over while real producers send, and an account of every event at the end.

``load`` says what each batch holds, so that whoever knows a producer's name and a number knows its
events; ``raw_producer`` and ``emitting_producer`` are the processes that send; ``victim`` is the
daemon, whose disk may fail; ``campaign`` starts and kills them all; ``account`` compares what was
acknowledged with what is stored and answered. ``scripts/torture`` runs it at any length, and
``test_torture`` a short one.
"""
