"""A Django project in one file: the checks that `manage.py check` makes, and one request."""

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import path


def price(request: HttpRequest, item: str) -> JsonResponse:
    return JsonResponse({"item": item, "price": len(item), "method": request.method})


urlpatterns = [path("price/<str:item>", price)]
settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="no secret",
)
django.setup()


def main() -> None:
    call_command("check")
    answer = Client().get("/price/lamp")
    print(answer.status_code, answer.json())


if __name__ == "__main__":
    if sys.argv[1:]:
        from probes import run

        sys.exit(run(sys.argv[1:]))
    main()
