# stylekit with the studio and the lessons, from Debian and PyPI alone; about 4 GB.
#
#     docker build -t stylekit .
#     docker run --rm --network host -v stylekit:/home/painter/stylekit stylekit
#
# prints the address of the studio. It listens on the loopback interface only, so the container
# shares the network of its host. Results are in the volume. Other commands come after the name:
#
#     docker run --rm stylekit doctor
FROM debian:bookworm-slim

# OpenCV needs libGL and GLib; the kernels of a page end when nobody buries them without tini.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv libgl1 libglib2.0-0 tini \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home painter \
    && mkdir /home/painter/stylekit \
    && chown painter:painter /home/painter/stylekit

COPY pyproject.toml README.md LICENSE /src/
COPY data /src/data
COPY notebooks /src/notebooks
COPY stylekit /src/stylekit

RUN python3 -m venv /opt/stylekit \
    && /opt/stylekit/bin/pip install --no-cache-dir '/src[notebooks]' \
    && rm -r /src

USER painter
WORKDIR /home/painter
VOLUME /home/painter/stylekit
ENTRYPOINT ["/usr/bin/tini", "--", "/opt/stylekit/bin/stylekit"]
CMD ["studio", "--no-browser"]
