"""Packs and files at /api/v1/packs and /api/v1/streams/<uid>: the same gate, the same functions as the pages."""

from typing import Any, cast

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from audit import selectors
from audit.api.reading import actor_of, body
from audit.downloads import pack_file, stored_file
from audit.files import store
from audit.files.attaching import attach, named_in
from audit.files.errors import BadFile
from audit.models import Attachment, PackJob, PackState
from audit.packs import asking, jobs, listing
from audit.packs.errors import NotReady
from audit.packs.kinds import kind_of
from audit.permissions import pack_for, stream_for, visible_streams
from audit.serializers.packs import AskSerializer, AttachedSerializer, PackJobSerializer


def _told(job: PackJob) -> Any:
    return PackJobSerializer(listing.lines_of([job])[0]).data


def _ask(request: Request, wanted: dict[str, Any]) -> PackJob:
    return asking.ask(
        wanted,
        actor=actor_of(request),
        exportable=list(visible_streams(request.user, "export").values_list("uid", flat=True)),
        check=lambda uid: stream_for(request.user, uid, may="export"),
    )


class PackList(APIView):
    """Packs of streams that the caller sees, newest first; and asking for one."""

    @extend_schema(operation_id="packs_list", responses=PackJobSerializer(many=True))
    def get(self, request: Request) -> Response:
        seen = list(visible_streams(request.user).values_list("uid", flat=True))
        return Response(PackJobSerializer(listing.lines_of(listing.jobs_seen(seen)), many=True).data)

    @extend_schema(request=AskSerializer, responses={202: PackJobSerializer})
    def post(self, request: Request) -> Response:
        return _accepted(request, _ask(request, body(AskSerializer, request)))


def _accepted(request: Request, job: PackJob) -> Response:
    where = reverse("audit-api:pack-job", args=[job.uid], request=request)
    return Response(_told(job), status=202, headers={"Location": where})


class PackDetail(APIView):
    """One pack: how far it is, and its digests once it is ready."""

    @extend_schema(operation_id="packs_retrieve", responses=PackJobSerializer)
    def get(self, request: Request, uid: str) -> Response:
        return Response(_told(pack_for(request.user, uid)))


class PackFile(APIView):
    """The zip. That it was handed out is recorded."""

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, uid: str) -> HttpResponseBase:
        job = pack_for(request.user, uid, may="export")
        jobs.hand_out(job, actor=actor_of(request))
        return pack_file(job)


class CancelPack(APIView):
    """Stop the making of a pack."""

    @extend_schema(request=None, responses=PackJobSerializer)
    def post(self, request: Request, uid: str) -> Response:
        pack_for(request.user, uid, may="export")
        return Response(_told(jobs.cancel(uid, actor=actor_of(request))))


class PackStream(APIView):
    """An evidence pack of a stream, with nothing withheld.

    Of up to 1,000 entries it is made at once, and the answer is the zip; of more the answer is 202 with the job."""

    @extend_schema(request=None, responses={(200, "application/zip"): OpenApiTypes.BINARY, 202: PackJobSerializer})
    def post(self, request: Request, uid: str) -> HttpResponseBase:
        found = stream_for(request.user, uid, may="export")
        job = asking.now(_ask(request, {"kind": kind_of(found.uid), "subject": found.uid}))
        if job.state == PackState.FAILED:
            raise NotReady(job.error)
        if job.state != PackState.DONE:
            return _accepted(request, job)
        jobs.hand_out(job, actor=actor_of(request))
        return pack_file(job)


class StreamFiles(APIView):
    """Attach a file to a stream: multipart, field `file`, optional `note`. Recorded as `file.attached`."""

    parser_classes = (MultiPartParser,)

    @extend_schema(request={"multipart/form-data": {"type": "object"}}, responses={201: AttachedSerializer})
    def post(self, request: Request, uid: str) -> Response:
        found = stream_for(request.user, uid, may="file")
        is_form = str(request.content_type).startswith("multipart/")
        sent = request.FILES.get("file") if is_form else None
        if sent is None:
            raise BadFile("Send the file as the field `file` of a multipart form.")
        recorded = attach(
            found,
            actor_of(request),
            name=sent.name or "",
            media_type=sent.content_type or "",
            chunks=sent.chunks(),
            note=str(cast(Any, request.data).get("note", "")),
        )
        row = selectors.entry(recorded.stream, recorded.seq)
        named = named_in(row.fields) if row else None
        told = {"stream": recorded.stream, "seq": recorded.seq, **(_as_dict(named) if named else {})}
        return Response(AttachedSerializer(told).data, status=201)


class StreamFile(APIView):
    """A file that an entry of the stream names, as a download."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, uid: str, seq: int) -> HttpResponseBase:
        found = stream_for(request.user, uid)
        row = selectors.entry(found.uid, seq)
        named = named_in(row.fields) if row else None
        is_known = named and Attachment.objects.filter(stream=found, seq=seq, sha256=named.sha256).exists()
        if not named or not is_known or not store.path_of(named.sha256).is_file():
            raise Http404("No file is kept for this entry.")
        return stored_file(store.path_of(named.sha256), named.name, named.sha256)


def _as_dict(named: Any) -> dict[str, Any]:
    return {"name": named.name, "size": named.size, "type": named.type, "sha256": named.sha256}
