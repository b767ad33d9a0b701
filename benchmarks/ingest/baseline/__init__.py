"""What a team writes by hand to take in alerts: a frozen yardstick, to be made neither better nor worse."""
