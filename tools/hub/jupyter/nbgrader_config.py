"""What nbgrader needs to know on everybody's server."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "resampling"
c.Exchange.root = "/srv/classroom/exchange"
