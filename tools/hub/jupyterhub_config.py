"""A class on one machine. Copy this folder to /srv/classroom, put in your names, and start `jupyterhub` there."""

from pwd import getpwnam

from jupyterhub.spawner import Spawner

INSTRUCTORS = {"kim"}
STUDENTS = {"ada", "ben"}
PLACE = "/srv/classroom"

c = get_config()  # noqa: F821
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "dummy"  # for a trial: one password for all. "pam" asks for the machine's own
c.DummyAuthenticator.password = "change me"
c.Authenticator.allowed_users = INSTRUCTORS | STUDENTS
c.Spawner.default_url = "/lab"


def settings(spawner: Spawner) -> str:
    """Folders in which Jupyter and nbgrader look for settings; an instructor's course folder is one of them."""
    name = spawner.user.name
    if name in INSTRUCTORS:
        return f"{getpwnam(name).pw_dir}/course:{PLACE}/jupyter"
    return f"{PLACE}/jupyter:{PLACE}/student"


c.Spawner.environment = {"JUPYTER_CONFIG_PATH": settings}
