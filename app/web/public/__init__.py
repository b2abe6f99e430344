"""Pages for everybody: the offerings and what explains them."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from app.web.public import home, machines, offerings, pages
