"""The one way out: requests to configured URLs and mail, guarded against leading where nobody may lead us."""
