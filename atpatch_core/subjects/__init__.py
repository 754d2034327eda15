"""Subjects: a model under debugging, with what turns a person's input into the model's and names its columns."""
