"""What a study is, fixed before anybody labels: plan, draw, people, amendments, unblinding."""
