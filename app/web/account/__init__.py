"""Pages for anybody's own account: signing up and in, the second factor, profile and security."""

from flask import Blueprint

blueprint = Blueprint("account", __name__)

from app.web.account import profile, second_factor, sign_in
