"""What is asked. Each file is a question, and gives the cases that it measured."""
