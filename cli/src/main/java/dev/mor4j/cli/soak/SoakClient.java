package dev.mor4j.cli.soak;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.cli.soak.SoakCounts.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One client: sends a request, reads the answer in its own manner, compares the text, and sends the
 * next one. One thread.
 */
final class SoakClient {
  private static final int SLOW_MILLIS = 40;
  private static final int MOST_BACK_OFF_MILLIS = 400;
  private static final JsonFactory JSON = new JsonFactory();

  private final HttpClient http;
  private final URI completions;
  private final List<SoakKind> kinds;
  private final SoakCounts counts;
  private final SplittableRandom random;

  /** How a client takes its answer. */
  private enum Manner {
    STREAMED,
    WHOLE,
    SLOW,
    LEAVES,
    MALFORMED;

    /** Of a hundred requests, 60 are streamed as usual. */
    static Manner draw(SplittableRandom random) {
      int number = random.nextInt(100);
      if (number < 60) {
        return STREAMED;
      }
      return number < 75 ? WHOLE : number < 80 ? SLOW : number < 95 ? LEAVES : MALFORMED;
    }
  }

  SoakClient(
      HttpClient http,
      URI server,
      List<SoakKind> kinds,
      SoakCounts counts,
      SplittableRandom random) {
    this.http = http;
    this.completions = server.resolve("/v1/completions");
    this.kinds = kinds;
    this.counts = counts;
    this.random = random;
  }

  /** Sends requests until {@link System#nanoTime} is {@code end}. */
  void run(long end) {
    while (System.nanoTime() - end < 0) {
      Manner manner = Manner.draw(random);
      SoakKind kind = kinds.get(random.nextInt(kinds.size()));
      counts.sent();
      try {
        send(kind, manner);
      } catch (IOException e) {
        counts.failed("a request failed: " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        counts.failed("a request was interrupted");
        return;
      }
    }
  }

  private void send(SoakKind kind, Manner manner) throws IOException, InterruptedException {
    String body = kind.body(manner != Manner.WHOLE);
    if (manner == Manner.MALFORMED) {
      body = body.substring(0, random.nextInt(body.length()));
    }
    HttpRequest request =
        HttpRequest.newBuilder(completions)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream answer = response.body()) {
      int status = response.statusCode();
      if (manner == Manner.MALFORMED ? status == 400 : status == 429 || status == 503) {
        answer.readAllBytes();
        if (manner == Manner.MALFORMED) {
          counts.ended(Outcome.MALFORMED);
        } else {
          counts.ended(Outcome.REFUSED);
          Thread.sleep(1 + random.nextInt(MOST_BACK_OFF_MILLIS));
        }
      } else if (status != 200 || manner == Manner.MALFORMED) {
        counts.failed(
            "HTTP "
                + status
                + " for "
                + abbreviated(body)
                + ": "
                + new String(answer.readNBytes(300), StandardCharsets.UTF_8));
      } else if (manner == Manner.WHOLE) {
        compare(kind, text(new String(answer.readAllBytes(), StandardCharsets.UTF_8)));
      } else {
        stream(kind, manner, answer);
      }
    }
  }

  private void stream(SoakKind kind, Manner manner, InputStream answer)
      throws IOException, InterruptedException {
    int most = manner == Manner.LEAVES ? random.nextInt(8) : Integer.MAX_VALUE;
    StringBuilder text = new StringBuilder();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(answer, StandardCharsets.UTF_8));
    for (int events = 0; events < most; ) {
      String line = lines.readLine();
      if (line == null) {
        counts.failed("a stream ended without its last event, after " + abbreviated(text));
        return;
      }
      if (line.equals("data: [DONE]")) {
        compare(kind, text.toString());
        return;
      }
      if (line.startsWith("data: ")) {
        text.append(text(line.substring("data: ".length())));
        events++;
        if (manner == Manner.SLOW) {
          Thread.sleep(SLOW_MILLIS);
        }
      }
    }
    counts.ended(Outcome.DISCONNECTED);
  }

  private void compare(SoakKind kind, String text) {
    if (text.equals(kind.text())) {
      counts.ended(Outcome.COMPLETED);
    } else {
      counts.failed(
          "a text differs from the one alone: found "
              + abbreviated(text)
              + ", expected "
              + abbreviated(kind.text()));
    }
  }

  /** The text of a completion, or of a piece of one. */
  private static String text(String document) throws IOException {
    StringBuilder text = new StringBuilder();
    try (JsonParser json = JSON.createParser(document)) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          JsonToken value = json.nextToken();
          if (name.equals("text") && value == JsonToken.VALUE_STRING) {
            text.append(json.getText());
          } else if (name.equals("error") && value != JsonToken.VALUE_NULL) {
            throw new IOException("an error in the stream: " + abbreviated(document));
          }
        }
      }
    }
    return text.toString();
  }

  private static String abbreviated(CharSequence text) {
    return "\"" + (text.length() <= 80 ? text : text.subSequence(0, 80) + "…") + "\"";
  }
}
