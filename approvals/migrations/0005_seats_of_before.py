"""Requests from before seats get the one that they had in effect: the accountable owner's."""

from django.db import migrations


def give_seats(apps, schema_editor):
    Asked, Seat = apps.get_model("approvals", "Asked"), apps.get_model("approvals", "Seat")
    for row in Asked.objects.filter(seat=None).select_related("request__service__team"):
        service = row.request.service
        slug = service.slug if service else ""
        seat, _ = Seat.objects.get_or_create(
            request=row.request,
            key=f"owner:{slug}",
            defaults={"label": row.because, "who": "owner", "service": slug, "team": service.team.slug if service else ""},
        )
        row.seat, row.path = seat, [row.because]
        row.basis = {"who": "owner", "service": slug, "team": seat.team, "role": "", "giver": "", "delegation": 0}
        row.save(update_fields=["seat", "path", "basis"])
        if service is not None:
            row.request.touches.add(service)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_accountable")]
    operations = [migrations.RunPython(give_seats, migrations.RunPython.noop)]
