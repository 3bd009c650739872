//! Many inputs at once, bytes and values.

use morph_sandbox::{
    CodecError, Death, Exhausted, Failure, Job, Marker, Reply, Settings, Typed, TypedJob, run_all,
    run_all_typed,
};

/// Doubles numbers; dies of some.
struct Doubler;

impl TypedJob for Doubler {
    const PHASES: &'static [&'static str] = &["double"];
    type Input = (u32, String);
    type Output = Result<u32, String>;

    fn run(&mut self, (number, name): Self::Input, _: &Marker<'_>) -> Self::Output {
        match number % 7 {
            3 => panic!("no {number}"),
            5 => std::process::abort(),
            6 => Err(name),
            _ => Ok(number * 2),
        }
    }
}

#[test]
fn every_input_has_its_result_in_its_place_whatever_dies_around_it() {
    let inputs: Vec<(u32, String)> =
        (0..200).map(|number| (number, format!("n{number}"))).collect();
    let results = run_all_typed(Doubler, &inputs, Settings::default()).unwrap();
    assert_eq!(results.len(), 200);
    for (number, result) in (0..200).zip(results) {
        match (number % 7, result) {
            (3, Err(Failure::Died(Death::Panicked { message, .. }))) => {
                assert_eq!(message, format!("no {number}"));
            }
            (5, Err(Failure::Died(Death::Crashed(record)))) => {
                assert_eq!(record.signal, libc::SIGABRT);
            }
            (6, Ok(output)) => assert_eq!(output, Err(format!("n{number}"))),
            (_, Ok(output)) => assert_eq!(output, Ok(number * 2)),
            (_, wrong) => panic!("{number}: {wrong:?}"),
        }
    }
}

/// Replies what it got, and one byte more if that begins with `+`.
struct Careless;

impl Job for Careless {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        reply.write(input);
        if input.starts_with(b"+") {
            reply.write(b"!");
        }
    }
}

#[test]
fn bytes_come_back_in_order_and_a_batch_that_is_too_large_is_divided() {
    let inputs: Vec<Vec<u8>> = (100..200_u8).map(|number| vec![number; 900]).collect();
    let settings = Settings { batch: 4096, ..Settings::default() };
    let results = run_all(Careless, &inputs, settings).unwrap();
    let replies: Vec<Vec<u8>> = results.into_iter().map(|reply| reply.unwrap().to_vec()).collect();
    assert_eq!(replies, inputs);
}

#[test]
fn an_input_that_never_fits_is_refused() {
    let settings = Settings { batch: 4096, ..Settings::default() };
    let error = run_all(Careless, &[vec![0_u8; 5000]], settings).unwrap_err();
    assert_eq!(error.to_string(), "a batch of more than 4096 bytes");
}

#[test]
fn nothing_to_do_forks_nothing() {
    let none: [&[u8]; 0] = [];
    assert_eq!(run_all(Careless, &none, Settings::default()).unwrap(), []);
}

#[test]
fn a_reply_that_is_no_value_or_more_than_one_is_an_error_value() {
    let whole = postcard::to_allocvec(&Ok::<u32, String>(9)).unwrap();
    assert_eq!(Typed::<Doubler>::decode(&whole), Ok(Ok(9)));
    let mut longer = whole.clone();
    longer.extend(b"xy");
    assert_eq!(Typed::<Doubler>::decode(&longer), Err(CodecError::Trailing(2)));
    assert!(matches!(Typed::<Doubler>::decode(&whole[..1]), Err(CodecError::Value(_))));
    assert!(matches!(Typed::<Doubler>::decode(b"\x07"), Err(CodecError::Value(_))));
}

#[test]
fn a_worker_that_dies_of_time_has_that_for_its_result() {
    struct Slow;
    impl Job for Slow {
        const PHASES: &'static [&'static str] = &["all"];

        fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
            if input == b"slow" {
                loop {
                    std::hint::spin_loop();
                }
            }
            reply.write(b"quick");
        }
    }
    let budget = morph_sandbox::Budget {
        cpu: std::time::Duration::from_millis(30),
        ..morph_sandbox::Budget::default()
    };
    let settings = Settings { budget, ..Settings::default() };
    let results = run_all(Slow, &[&b"quick"[..], b"slow", b"quick"], settings).unwrap();
    let quick = Ok(morph_sandbox::Bytes::from_static(b"quick"));
    let slow = Err(Death::Exhausted(Exhausted::Cpu { limit_ms: 30 }));
    assert_eq!(results, [quick.clone(), slow, quick]);
}
