"""A forge for the tests: GitHub's and GitLab's answers over real repositories, in this process."""
