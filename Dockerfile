# The bot alone, for nobody but itself: docker build -t prepdeck . && docker run --env-file .env -v prepdeck:/app/data prepdeck
# Other verbs go the same way: docker run … prepdeck check

FROM python:3.13-slim AS built
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin prepdeck \
    && install --directory --owner=prepdeck --group=prepdeck --mode=700 /app/data
WORKDIR /app
COPY --from=built /venv /venv
COPY bot.toml.example LICENSE ./
COPY questions questions
COPY adapters adapters
COPY bot bot
RUN /venv/bin/python -m compileall -q bot adapters
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOT__MONITOR__LISTEN=0.0.0.0:8080
USER prepdeck
VOLUME /app/data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
